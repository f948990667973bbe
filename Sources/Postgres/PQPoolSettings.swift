public struct PQPoolSettings: Sendable {
    public var connection: ConnectionOptions
    /// Connections at most.
    public var size: Int
    /// How long a borrower waits for a connection by default.
    public var waitDeadline: Duration
    /// Runs on every fresh connection before it is lent; when it throws the connection is not used.
    public var onConnect: @Sendable (PQConnection) async throws -> Void
    /// Runs on a fresh connection that replaces a lost one, before it is lent.
    public var onReconnect: @Sendable (PQConnection) async -> Void

    public init(
        connection: ConnectionOptions, size: Int, waitDeadline: Duration = .seconds(10),
        onConnect: @escaping @Sendable (PQConnection) async throws -> Void = { _ in },
        onReconnect: @escaping @Sendable (PQConnection) async -> Void = { _ in }
    ) {
        self.connection = connection
        self.size = max(1, size)
        self.waitDeadline = waitDeadline
        self.onConnect = onConnect
        self.onReconnect = onReconnect
    }
}

public struct PQPoolState: Sendable, CustomStringConvertible {
    public var size: Int
    public var lent: Int
    public var idle: Int
    public var waiting: Int
    /// Being connected.
    public var opening: Int
    /// Why the last attempt to connect failed, nil after a success.
    public var lastFailure: String?

    public var description: String {
        // There is none at all: what matters is why none can be opened.
        if lent == 0, idle == 0, let lastFailure { return lastFailure }
        let others = waiting > 1 ? ", \(waiting) waiting" : ""
        let connecting = opening > 0 ? ", \(opening) being connected" : ""
        let failure = lastFailure.map { "; \($0)" } ?? ""
        return "\(lent) of \(size) connections busy\(connecting)\(others)\(failure)"
    }
}

/// A borrower in the queue. Used on the pool's loop only.
final class PoolWaiter {
    let id: UInt64
    let deadline: Int64
    let allowed: Duration
    var continuation: CheckedContinuation<PQConnection, any Error>?

    init(id: UInt64, deadline: Int64, allowed: Duration) {
        self.id = id
        self.deadline = deadline
        self.allowed = allowed
    }

    func resume(_ result: Result<PQConnection, PQError>) {
        continuation?.resume(with: result.mapError { $0 as any Error })
        continuation = nil
    }

    func cancel() {
        continuation?.resume(throwing: CancellationError())
        continuation = nil
    }
}
