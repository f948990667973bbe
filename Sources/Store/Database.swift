import Postgres

/// The cluster's database as the binaries see it: statements go in, values come out. Only this module knows libpq.
public struct Database: Sendable {
    let pool: PQPool
    public let options: DatabaseOptions

    public init(_ options: DatabaseOptions) {
        self.options = options
        self.pool = PQPool(options.pool)
    }

    /// The thread that its connections live on. A task that prefers it asks and gets its answer without changing threads; it must not
    /// compute for long there.
    public var executor: any TaskExecutor { pool.loop }

    /// One statement in a transaction of its own.
    public func run<S: Statement>(_ statement: S, within deadline: Duration? = nil) async throws -> S.Answer {
        try await withConnection { try await $0.run(statement, within: deadline) }
    }

    /// A statement with a small answer, asked and read on the connections' thread: two changes of threads instead of six.
    public func ask<S: Statement>(_ statement: S, within deadline: Duration? = nil) async throws -> S.Answer {
        try await withTaskExecutorPreference(executor) { try await run(statement, within: deadline) }
    }

    /// Lends a connection; what is left open on it is rolled back.
    /// - Parameter wait: how long to wait for one; nil: 10 s.
    public func withConnection<T: Sendable>(
        within wait: Duration? = nil, _ body: @Sendable (StoreConnection) async throws -> T
    ) async throws -> T {
        do {
            return try await pool.withConnection(within: wait) { try await body(StoreConnection(connection: $0)) }
        } catch let error as PQError {
            throw StoreError(error)
        }
    }

    /// A transaction of several round trips. What `body` throws rolls back; a lost commit is `StoreError.commitUnknown`.
    public func transaction<T: Sendable>(_ body: @Sendable (StoreConnection) async throws -> T) async throws -> T {
        try await withConnection { connection in
            try await connection.begin()
            do {
                let value = try await body(connection)
                try await connection.commit()
                return value
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }

    public func close() async { await pool.close() }
}

/// How to reach the database.
public struct DatabaseOptions: Sendable {
    /// libpq connection string or URL; empty: the `PG*` variables.
    public var conninfo: String
    /// Name in `pg_stat_activity`.
    public var applicationName: String
    public var connections: Int
    /// Off behind PgBouncer in transaction mode.
    public var preparesStatements: Bool
    /// For statements that bring no deadline of their own.
    public var deadline: Duration
    /// For each address of each host.
    public var connectTimeout: Duration
    /// Its statements are about batches: no table is read through.
    public var isWorker: Bool

    public init(
        conninfo: String, applicationName: String, connections: Int = 4, preparesStatements: Bool = true,
        deadline: Duration = .seconds(30), connectTimeout: Duration = .seconds(5), isWorker: Bool = false
    ) {
        self.isWorker = isWorker
        self.conninfo = conninfo
        self.applicationName = applicationName
        self.connections = connections
        self.preparesStatements = preparesStatements
        self.deadline = deadline
        self.connectTimeout = connectTimeout
    }
}

/// The answers of one round trip, read in the order of their statements.
private struct Answers {
    let rows: [PQRows]
    var next: Int

    mutating func read<S: Statement>(_: S.Type) throws -> S.Answer {
        defer { next += 1 }
        do { return try S.read(rows[next]) } catch let error as PQError { throw StoreError(error) }
    }
}

/// A borrowed connection. `begin`, `run` and `commit` take several statements for one round trip.
public struct StoreConnection: Sendable {
    let connection: PQConnection

    public func run<S: Statement>(_ statement: S, within deadline: Duration? = nil) async throws -> S.Answer {
        try await mapped { try S.read(await connection.query(statement.call, within: deadline)) }
    }

    /// Several statements in one round trip: one implicit transaction, or part of the open one.
    public func run<each S: Statement>(
        _ statements: repeat each S, within deadline: Duration? = nil
    ) async throws -> (repeat (each S).Answer) {
        try await pipeline(nil, repeat each statements, last: nil, within: deadline)
    }

    /// BEGIN with the first statements of a transaction, one round trip.
    public func begin<each S: Statement>(
        _ statements: repeat each S, within deadline: Duration? = nil
    ) async throws -> (repeat (each S).Answer) {
        try await pipeline(.begin, repeat each statements, last: nil, within: deadline)
    }

    /// The last statements of a transaction with its COMMIT, one round trip.
    public func commit<each S: Statement>(
        _ statements: repeat each S, within deadline: Duration? = nil
    ) async throws -> (repeat (each S).Answer) {
        try await pipeline(nil, repeat each statements, last: .commit, within: deadline)
    }

    /// Several statements in one round trip, when how many there are is known only at run time.
    public func runAll(_ statements: [any Statement], within deadline: Duration? = nil) async throws {
        guard !statements.isEmpty else { return }
        try await mapped {
            _ = try await connection.pipeline(statements.map { try $0.call }, within: deadline)
        }
    }

    /// The last statements of a transaction with its COMMIT, one round trip, when how many there are is known only at run time.
    public func commitAll(_ statements: [any Statement], within deadline: Duration? = nil) async throws {
        try await mapped {
            var calls = try statements.map { try $0.call }
            calls.append(.commit)
            _ = try await connection.pipeline(calls, within: deadline)
        }
    }

    /// A whole transaction in one round trip, when how many statements there are is known only at run time.
    public func transactAll(_ statements: [any Statement], within deadline: Duration? = nil) async throws {
        try await mapped {
            let calls = try [PQCall.begin] + statements.map { try $0.call } + [.commit]
            _ = try await connection.pipeline(calls, within: deadline)
        }
    }

    /// Ends a failed transaction. An error here means that the connection is gone, and the transaction with it.
    public func rollbackAfterError() async {
        guard connection.isUsable else { return }
        do { _ = try await connection.query(.rollback, within: .seconds(5)) } catch {
            await connection.close()
        }
    }

    private func pipeline<each S: Statement>(
        _ first: PQCall?, _ statements: repeat each S, last: PQCall?, within deadline: Duration?
    ) async throws -> (repeat (each S).Answer) {
        var calls: [PQCall] = []
        if let first { calls.append(first) }
        for statement in repeat each statements { calls.append(try statement.call) }
        if let last { calls.append(last) }
        var answers = Answers(rows: try await rows(of: calls, within: deadline), next: first == nil ? 0 : 1)
        return (repeat try answers.read((each S).self))
    }

    private func rows(of calls: [PQCall], within deadline: Duration?) async throws -> [PQRows] {
        try await mapped { try await connection.pipeline(calls, within: deadline) }
    }

    private func mapped<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let error as PQError { throw StoreError(error) }
    }
}

extension StoreConnection {
    /// Runs a script of several statements without parameters.
    func script(_ name: String, _ text: String, within deadline: Duration? = nil) async throws {
        try await mapped { try await connection.execute(script: text, name: name, within: deadline) }
    }
}
extension DatabaseOptions {
    /// The first migration switches JIT off for the database; one that was made from a template has lost that.
    static let settings = ["client_connection_check_interval": "2s", "jit": "off"]
    /// A plan that is kept outlives the empty table it was made on: it must not read one through where there is an index.
    ///
    /// And it is kept from the first use on. Left to itself PostgreSQL planned Admit's look at the facts anew for each batch, because a plan
    /// for the arrays at hand looked cheaper than one for any; that took longer than the look (`README.md`).
    static let workerSettings = ["enable_seqscan": "off", "plan_cache_mode": "force_generic_plan"]

    var pool: PQPoolSettings {
        let connection = ConnectionOptions(
            conninfo, applicationName: applicationName, connectTimeout: connectTimeout, queryDeadline: deadline,
            preparesStatements: preparesStatements,
            sessionSettings: isWorker ? Self.settings.merging(Self.workerSettings) { $1 } : Self.settings)
        return PQPoolSettings(connection: connection, size: connections)
    }
}
