import Glibc
import Postgres
import Testing

/// A database of a test's own.
public struct ScratchDatabase: Sendable {
    public let name: String
    public let conninfo: String

    /// A database that is there already.
    public init(name: String, conninfo: String) {
        self.name = name
        self.conninfo = conninfo
    }

    /// The database of the suite that carries the trait `.scratchDatabase`.
    @TaskLocal public static var current: ScratchDatabase?

    /// The suite's database; a test outside such a suite is wrong.
    public static func required() throws -> ScratchDatabase {
        guard let current else { throw ChildFailure(what: "this test needs the suite trait .scratchDatabase") }
        return current
    }

    /// Creates a database with an unused name, from `template` if given. Drop it at the end.
    public static func create(template: String? = nil) async throws -> ScratchDatabase {
        let name = "t_\(getpid())_\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        let copy = template.map { " template \"\($0)\" strategy file_copy" } ?? ""
        let superuser = try await TestDatabase.shared.superuser()
        try await superuser.execute(script: "create database \"\(name)\"\(copy)", name: "create database", within: .seconds(180))
        return ScratchDatabase(name: name, conninfo: try await TestDatabase.shared.server().conninfo(database: name))
    }

    /// Drops it, even while clients are connected.
    public func drop() async throws {
        let superuser = try await TestDatabase.shared.superuser()
        try await superuser.execute(
            script: "drop database if exists \"\(name)\" with (force)", name: "drop database", within: .seconds(180))
    }

    public func connect(_ change: (inout ConnectionOptions) -> Void = { _ in }) async throws -> PQConnection {
        // Generous: with every test at once on two cores a connection may take seconds.
        var options = ConnectionOptions(conninfo, connectTimeout: .seconds(60))
        change(&options)
        return try await PQConnection.connect(options)
    }
}

/// Creates a database per suite and drops it afterwards.
public struct ScratchDatabaseTrait: SuiteTrait, TestScoping {
    let template: @Sendable () async throws -> String?

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let database = try await ScratchDatabase.create(template: template())
        do {
            try await ScratchDatabase.$current.withValue(database) { try await function() }
        } catch {
            try await database.drop()
            throw error
        }
        try await database.drop()
    }
}

extension Trait where Self == ScratchDatabaseTrait {
    /// An empty database for the suite.
    public static var scratchDatabase: Self { Self { nil } }

    /// A copy of a template for the suite: `.scratchDatabase { try await migratedTemplate { … } }`.
    public static func scratchDatabase(_ template: @escaping @Sendable () async throws -> String) -> Self {
        Self(template: template)
    }
}

/// Name of a template database that `migrate` has filled, made once per process and calling file: what one file seeds is not what
/// another expects.
public func migratedTemplate(
    file: String = #fileID, _ migrate: @escaping @Sendable (_ conninfo: String) async throws -> Void
) async throws -> String {
    try await MigratedTemplate.shared.name(file, migrate)
}

private actor MigratedTemplate {
    static let shared = MigratedTemplate()
    private var making: [String: Task<String, any Error>] = [:]

    func name(_ file: String, _ migrate: @escaping @Sendable (String) async throws -> Void) async throws -> String {
        if let making = making[file] { return try await making.value }
        // Unstructured: the first test to ask may be cancelled, the template is for all. The server's end removes it.
        let task = Task {
            let database = try await ScratchDatabase.create()
            try await migrate(database.conninfo)
            return database.name
        }
        making[file] = task
        return try await task.value
    }
}
