/// Where tracked links lead, and what makes their tokens unguessable: `links.yaml`. The same for all providers of a message, so that every
/// attempt carries the same links.
public struct LinkPlaces: Sendable, Equatable {
    /// In front of `/TOKEN` in place of a link; nil: no class tracks clicks.
    public var clickURL: String?
    /// In front of `/TOKEN.gif` in HTML; nil: no class tracks opens.
    public var openURL: String?
    /// Path on workers and gateways: one secret a line, the first signs.
    public var secretFile: String

    public init(clickURL: String? = nil, openURL: String? = nil, secretFile: String) {
        self.clickURL = clickURL
        self.openURL = openURL
        self.secretFile = secretFile
    }
}

/// What a class of messages wants to know of its readers.
public struct LinkTracking: Sendable, Equatable {
    /// Links lead through the gateway, which notes the first hit of each.
    public var clicks: Bool
    /// HTML carries a picture of one pixel. Unreliable: many readers load none, many mail services load all.
    public var opens: Bool
    /// From the admission on; afterwards the link is gone.
    public var expire: Duration

    public init(clicks: Bool, opens: Bool, expire: Duration = LinkTracking.longEnough) {
        self.clicks = clicks
        self.opens = opens
        self.expire = expire
    }

    public static let longEnough = Duration.seconds(30 * 86_400)
    /// Bytes of an address that may be tracked.
    public static let longestTarget = 2048
    /// Different addresses of one message that may be tracked.
    public static let mostTargets = 50
}
