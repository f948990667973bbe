import Domain
import Store

/// One thing that a person or a program does with a cluster: a value with its input, an output that is a value, and inside the check of
/// the role, the dry run and the audit. The command line, the HTTP API and the console call the same use cases.
///
/// A use case knows no terminal and no HTTP, and asks no questions: what must be confirmed is part of its input.
public protocol UseCase: Sendable {
    associatedtype Output: Sendable
    /// The least that the actor must be.
    static var role: Role { get }
    /// Longest call to the database; nil: as configured.
    static var deadline: Duration? { get }
    /// Called by `run` alone, after the role was checked: no other code can make an `OperationContext`.
    func perform(in context: OperationContext) async throws -> Output
}

extension UseCase {
    public static var deadline: Duration? { nil }

    /// Checks the role, then does it.
    public func run(on cluster: Cluster, as actor: Actor) async throws(OperationError) -> Output {
        do {
            try actor.check(Self.role)
            return try await perform(in: OperationContext(cluster: cluster, actor: actor, deadline: Self.deadline))
        } catch {
            throw OperationError(error, role: Self.role)
        }
    }
}

/// What a use case works with.
public struct OperationContext: Sendable {
    let cluster: Cluster
    let actor: Actor
    let deadline: Duration?
    var database: Database { cluster.database }

    /// One statement in a transaction of its own, within the deadline of the use case.
    func run<S: Statement>(_ statement: S) async throws -> S.Answer {
        try await database.run(statement, within: deadline)
    }

    /// The clock of the database.
    func now() async throws -> Timestamp { try await run(CurrentRights()).now }

    /// A transaction that begins with `first`. `body` says whether it is kept: what a dry run wrote is taken back.
    func transaction<S: Statement, T: Sendable>(
        first: S, _ body: @Sendable (StoreConnection) async throws -> (value: T, keeps: InsertAudit?)
    ) async throws -> T {
        try await database.withConnection { connection in
            _ = try await connection.begin(first)
            do {
                let (value, audit) = try await body(connection)
                if let audit {
                    _ = try await connection.commit(audit)
                } else {
                    await connection.rollbackAfterError()
                }
                return value
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }
}
