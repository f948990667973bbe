import Domain
import Foundation
import Glibc
import Postgres
import Settings
import Store
import TestSupport

/// A migrated database with a policy and templates, and a sandbox provider that keeps its own log: what pipeline and fault tests share.
public struct Shop: Sendable {
    public let scratch: ScratchDatabase
    public let store: Database
    public let connection: PQConnection
    /// Holds the outbox and the sandbox's rules.
    public let directory: String
    let isOnPrivateServer: Bool

    public var outboxPath: String { "\(directory)/outbox.jsonl" }

    /// Opens a shop of its own. Close it at the end.
    public static func open(_ policy: ShopPolicy = ShopPolicy(), on server: PrivateServer? = nil) async throws -> Shop {
        let scratch: ScratchDatabase
        if let server {
            scratch = ScratchDatabase(name: "postgres", conninfo: server.conninfo(database: "postgres"))
            try await migrate(scratch.conninfo)
        } else {
            scratch = try await ScratchDatabase.create(template: try await migratedTemplate(migrate))
        }
        let directory = "/tmp/shop-\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let store = Database(DatabaseOptions(conninfo: scratch.conninfo, applicationName: "shop", connections: 8))
        let shop = Shop(
            scratch: scratch, store: store, connection: try await scratch.connect(), directory: directory,
            isOnPrivateServer: server != nil)
        try shop.rules(policy.rules)
        try await shop.apply(policy)
        return shop
    }

    private static func migrate(_ conninfo: String) async throws {
        let database = Database(DatabaseOptions(conninfo: conninfo, applicationName: "tests"))
        _ = try await Migrator(database).up()
        await database.close()
    }

    /// The same shop with a new connection, after its server was restarted.
    public func reconnected() async throws -> Shop {
        Shop(
            scratch: scratch, store: store, connection: try await scratch.connect(), directory: directory,
            isOnPrivateServer: isOnPrivateServer)
    }

    /// Runs a test in a shop of its own and clears it away.
    public static func with<T>(
        _ policy: ShopPolicy = ShopPolicy(), on server: PrivateServer? = nil, isolation: isolated (any Actor)? = #isolation,
        _ body: (Shop) async throws -> T
    ) async throws -> T {
        let shop = try await open(policy, on: server)
        do {
            let value = try await body(shop)
            try await shop.close()
            return value
        } catch {
            try await shop.close()
            throw error
        }
    }

    public func close() async throws {
        await store.close()
        await connection.close()
        if !isOnPrivateServer { try await scratch.drop() }
        try FileManager.default.removeItem(atPath: directory)
    }

    /// What the sandbox does with whom, from within 20 ms on.
    public func rules(_ text: String) throws {
        try Data((text + "\n").utf8).write(to: URL(filePath: "\(directory)/rules"), options: .atomic)
    }

    /// Stores a policy as `martlet config apply` does.
    public func apply(_ policy: ShopPolicy) async throws {
        let files = policy.files(outbox: outboxPath, script: "\(directory)/rules")
        let parsed = try PolicyFiles.parse(files)
        let json = String(decoding: try JSONEncoder().encode(files), as: UTF8.self)
        try await store.transaction { connection in
            _ = try await connection.run(InsertPolicy(files: json, note: "test", longestWindow: .seconds(31 * 86_400)))
            // Templates need their channel first.
            _ = try await connection.run(
                UpsertChannels(channels: policy.moreChannels + (parsed.webhooks.isEmpty ? [] : [.webhook])))
            _ = try await connection.run(PushTemplates(templates: policy.templates))
            _ = try await connection.run(
                UpsertClasses(classes: parsed.classes.values.sorted { $0.name < $1.name }),
                UpsertSenders(senders: Array(parsed.senders.values), defaultSender: parsed.defaultSender),
                UpsertBudgets(budgets: parsed.budgets), UpsertWebhooks(webhooks: parsed.webhooks))
        }
    }
}

extension Shop {
    /// Puts one message into the queue and answers its id.
    @discardableResult
    public func enqueue(
        _ messageClass: String, to recipient: String, template: String = "note", variables: String = #"{"text":"hello"}"#,
        arguments: String = "", channel: String = "sms", on other: PQConnection? = nil
    ) async throws -> Int64 {
        let call = PQCall(
            "enqueue", "select martlet.enqueue($1, '\(channel)', $2, $3, $4::jsonb\(arguments.isEmpty ? "" : ", " + arguments))",
            prepared: false
        ) {
            $0.text(messageClass)
            $0.text(recipient)
            $0.text(template)
            $0.jsonb(variables)
        }
        return try await (other ?? connection).query(call).only.int8(0)
    }

    /// Many messages at once: `count` recipients from `first` on, or all to one.
    public func enqueueMany(_ messageClass: String, count: Int, to first: Int = 490_000_000_000, step: Int = 1) async throws {
        let call = PQCall(
            "enqueue_many",
            """
            select count(martlet.enqueue($1, 'sms', '+' || ($2::int8 + n * $3::int8), 'note', '{"text":"hello"}')) from generate_series(0, $4::int8 - 1) n
            """
        ) {
            $0.text(messageClass)
            $0.int8(Int64(first))
            $0.int8(Int64(step))
            $0.int8(Int64(count))
        }
        _ = try await connection.query(call, within: .seconds(60))
    }

    public func script(_ sql: String) async throws { try await connection.execute(script: sql, name: "test") }

    /// One number.
    public func number(_ sql: String) async throws -> Int {
        Int(try await connection.query(PQCall("number", "select (\(sql))::int8", prepared: false)).only.int8(0))
    }

    /// One text for each row.
    public func texts(_ sql: String) async throws -> [String] {
        try await connection.query(PQCall("texts", sql, prepared: false)).map { try $0.textOrNull(0) ?? "null" }
    }

    /// How many messages are in each state, `dead:reason` for dead letters.
    public func states() async throws -> [String: Int] {
        let rows = try await connection.query(
            PQCall(
                "states",
                "select case state when 'dead' then 'dead:' || reason else state end, count(*) from martlet.message_status group by 1",
                prepared: false))
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.text(0), Int(try $0.int8(1))) })
    }

    /// The state of each message.
    public func statuses() async throws -> [Int64: String] {
        let rows = try await connection.query(
            PQCall("statuses", "select message_id, state from martlet.message_status", prepared: false))
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.int8(0), try $0.text(1)) })
    }

    /// Rows that still wait anywhere.
    public func waiting() async throws -> Int {
        try await number(
            "select (select count(*) from martlet_data.ready) + (select count(*) from martlet_data.leased) + (select count(*) from martlet_data.due)"
        )
    }

    /// Everything is final and nothing waits.
    public func settle(within timeout: Duration, _ what: String = "every message is final") async throws {
        do {
            try await eventually(within: timeout, poll: .milliseconds(50), what) { try await self.waiting() == 0 }
        } catch let error as NeverHappened {
            throw ChildFailure(what: "\(error); states \(try await states())")
        }
    }

    /// The provider's own log, as far as its lines are whole: a worker may be writing one while this reads.
    public func outbox() throws -> [HandOver] {
        guard let data = FileManager.default.contents(atPath: outboxPath) else { return [] }
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let whole = data[..<(data.lastIndex(of: UInt8(ascii: "\n")) ?? data.startIndex)]
        return try whole.split(separator: UInt8(ascii: "\n")).map { bytes in
            let line = String(decoding: bytes, as: UTF8.self)
            let object = try JSONSerialization.jsonObject(with: bytes) as? [String: Any] ?? [:]
            guard let id = (object["message_id"] as? String).flatMap({ Int64($0) }), let attempt = object["attempt"] as? Int,
                let to = object["to"] as? String, let answer = object["answer"] as? String, let at = object["at"] as? String
            else { throw ChildFailure(what: "not a line of an outbox: \(line)") }
            return HandOver(
                messageID: id, attempt: attempt, to: to, answer: answer, at: try format.parse(at).timeIntervalSince1970,
                text: object["text"] as? String ?? "")
        }
    }
}

/// One line of a sandbox's outbox.
public struct HandOver: Sendable, Hashable {
    public var messageID: Int64
    public var attempt: Int
    public var to: String
    /// accepted, lost, throttled, deferred, rejected.
    public var answer: String
    /// Seconds since 1970, by the wall clock, to the millisecond.
    public var at: Double
    public var text: String

    /// The recipient may have got it.
    public var mayHaveArrived: Bool { answer == "accepted" || answer == "lost" }
}
