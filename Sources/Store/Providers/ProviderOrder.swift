import Postgres

/// What an admin has ordered about a provider.
public enum ProviderOrder: Sendable, Equatable {
    /// Takes nothing; what was admitted for it and not handed over comes back.
    case paused
    /// Takes nothing new.
    case draining
    /// Another provider takes all of its messages.
    case moved(to: String)
}
