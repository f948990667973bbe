import Postgres

/// An admin's order about a provider; nil: it is simply in use again.
public struct OrderProvider: Statement {
    public var provider: String
    public var order: ProviderOrder?
    public var why: String
    public init(_ provider: String, _ order: ProviderOrder?, why: String) {
        self.provider = provider
        self.order = order
        self.why = why
    }
    public var sql: String {
        switch order {
        case .paused: "select martlet.pause_provider($1, $2) is null"
        case .draining: "select martlet.drain_provider($1, $2) is null"
        case .moved: "select martlet.move_provider($1, $3, $2) is null"
        case nil: "select martlet.resume_provider($1, $2) is null"
        }
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(provider)
        parameters.text(why)
        if case .moved(let target) = order { parameters.text(target) }
    }
}
