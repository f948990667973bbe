import Foundation
import Postgres
import Store
import TestSupport
import Testing

@Suite("One list of arguments: every way to enqueue takes those of martlet.enqueue, in its order", .migratedDatabase)
struct EnqueueArgumentsTests {
    private struct Argument: Equatable {
        var name: String
        var type: String
    }

    private static func arguments(of function: String, on connection: PQConnection) async throws -> [Argument] {
        try await connection.query(
            PQCall(
                "arguments",
                "select a.name, format_type(a.type, null) from pg_proc p, unnest(p.proargnames, p.proargtypes::oid[]) with ordinality a(name, type, n) where p.oid = '\(function)'::regproc order by a.n",
                prepared: false)
        ).map { Argument(name: try $0.text(0), type: try $0.text(1)) }
            .filter { !Self.howToCheck.contains($0.name) }
    }

    /// Says how the call is checked, not what is sent; one value for a whole call.
    private static let howToCheck: Set<String> = ["check_template"]

    private static func source(of function: String, on connection: PQConnection) async throws -> String {
        try #require(try await connection.value("select prosrc from pg_proc where oid = '\(function)'::regproc"))
    }

    /// The first group of each match, each word once.
    private static func words(_ pattern: Regex<(Substring, Substring)>, in text: some StringProtocol) -> [String] {
        var found: [String] = []
        for match in String(text).matches(of: pattern) where !found.contains(String(match.1)) { found.append(String(match.1)) }
        return found
    }

    private static func between(_ start: String, _ end: String, in text: String) throws -> Substring {
        let from = try #require(text.range(of: start)).upperBound
        let rest = text[from...]
        return rest[..<(try #require(rest.range(of: end)).lowerBound)]
    }

    @Test("rows, the view for COPY and the producer's columns")
    func declarations() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let one = try await Self.arguments(of: "martlet.enqueue", on: connection)
        #expect(one.count >= 16)
        let rows = try await Self.arguments(of: "martlet.enqueue_rows", on: connection)
        #expect(rows == one.map { Argument(name: $0.name, type: "text[]") })
        let view = try await connection.query(
            PQCall(
                "view",
                "select attname::text, format_type(atttypid, null) from pg_attribute where attrelid = 'martlet.bulk_enqueue'::regclass and attnum > 0 and not attisdropped order by attnum",
                prepared: false)
        ).map { Argument(name: try $0.text(0), type: try $0.text(1)) }
        #expect(view.filter { !Self.howToCheck.contains($0.name) } == one)
        #expect(BulkRow.columns == one.map(\.name))
    }

    @Test("what passes them on: the trigger behind COPY, enqueue_many, and enqueue_rows where it calls enqueue")
    func bodies() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let names = try await Self.arguments(of: "martlet.enqueue", on: connection).map(\.name)
        let trigger = try await Self.source(of: "martlet_data.bulk_enqueue_row", on: connection)
        #expect(Self.words(#/\bnew\.(\w+)/#, in: trigger).filter { !Self.howToCheck.contains($0) } == names)
        let rows = try await Self.source(of: "martlet.enqueue_rows", on: connection)
        #expect(Self.words(#/(\w+)\[v_at\]/#, in: try Self.between(":= martlet.enqueue(", "end loop", in: rows)) == names)
        #expect(Self.words(#/(\w+)/#, in: try Self.between("from unnest(class, ", ")", in: rows)) == Array(names.dropFirst()))
        #expect(Self.words(#/(\w+)/#, in: try Self.between("with ordinality g(", ")", in: rows)) == names + ["n"])
        #expect(Set(Self.words(#/cardinality\((\w+)\)/#, in: rows)).subtracting(["v_done"]) == Set(names))
        let many = try await Self.source(of: "martlet.enqueue_many", on: connection)
        #expect(Self.words(#/'(\w+)'/#, in: try Self.between("where k not in (", ")", in: many)) == names + ["follow_up"])
        #expect(Self.words(#/o ->>? '(\w+)'/#, in: try Self.between("martlet.enqueue_rows(", "into v_ids", in: many)) == names)
    }

    @Test("what makes two requests the same: all but the key itself and the trace")
    func hash() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let one = try await Self.arguments(of: "martlet.enqueue", on: connection)
        let hash = try await Self.arguments(of: "martlet_data.request_hash", on: connection)
        #expect(hash == one.filter { !["idempotency_key", "traceparent"].contains($0.name) })
        let source = try await Self.source(of: "martlet_data.request_hash", on: connection)
        for argument in hash { #expect(source.contains(argument.name), "\(argument.name) is no part of the hash") }
    }
}
