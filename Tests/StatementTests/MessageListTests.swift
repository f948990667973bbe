import Domain
import Postgres
import Store
import TestSupport
import Testing

extension PlanTests {
    private static func filter(_ change: (inout MessageFilter) -> Void) -> MessageFilter {
        var filter = MessageFilter()
        change(&filter)
        return filter
    }

    @Test("a page of messages, of the audit or of replies touches what it shows, beside 200,000 others")
    func pages() async throws {
        try await ScratchDatabase.migrated { scratch, database in
            let connection = try await scratch.connect { $0.queryDeadline = .seconds(120) }
            try await connection.execute(
                script: Self.large(analysed: false) + """
                    alter table martlet_data.audit set (autovacuum_enabled = off); alter table martlet_data.inbound_texts set (autovacuum_enabled = off);
                    insert into martlet_data.audit (action, object) select 'requeue', n::text from generate_series(1, \(Self.rows)) n;
                    insert into martlet_data.inbound_texts (provider, sender, recipient, body, octets, data_coding) select 'p', '+49' || n % 1000, '1', 'x', 'x', 0
                        from generate_series(1, \(Self.rows)) n;
                    -- What is leased is looked through once, and as much as workers hold.
                    delete from martlet_data.leased where message_id > 1000; truncate martlet_data.attempts_default;
                    analyze martlet_data.messages; analyze martlet_data.receipts; analyze martlet_data.attempts; analyze martlet_data.dead_letters;
                    analyze martlet_data.audit; analyze martlet_data.inbound_texts;
                    """, within: .seconds(240))
            let many = (1...2000).map { MessageID(Int64($0 * 50)) }
            for statistics in ["", "vacuum martlet_data.leased_1; analyze"] {
                if !statistics.isEmpty {
                    for one in statistics.split(separator: ";") {
                        try await connection.execute(script: String(one), within: .seconds(120))
                    }
                }
                for filter in [
                    MessageFilter(), Self.filter { $0.state = "dead" }, Self.filter { $0.state = "accepted" },
                    Self.filter { $0.state = "due" }, Self.filter { $0.state = "leased" }, Self.filter { $0.state = "ready" },
                    Self.filter { $0.group = "none" },
                    Self.filter { $0.messageClass = "otp" },
                ] {
                    for before in [MessageID(.max), MessageID(100_000)] {
                        try await explain(ListMessages(filter: filter, before: before, most: Self.batch), 80, connection)
                    }
                    // Twenty times as many as the pages are counted for.
                    try await explain(
                        LoadMessageOverviews(ids: many, state: filter.state, limit: Self.batch), 20 * 80, connection)
                }
            }
            try await explain(
                ListAudit(filter: AuditFilter(), before: 100_000, most: Self.batch, limit: Self.batch), 10, connection)
            try await explain(ListInbound(sender: nil, before: .max, limit: Self.batch), 10, connection)
            try await explain(LoadAudit(object: "4711"), 1, connection)

            for state in [nil, "due"] {
                let page = try await database.run(
                    ListMessages(filter: Self.filter { $0.state = state }, before: MessageID(1050), most: 40))
                #expect(page.fitting.map(\.rawValue) == Array((1010..<1050).reversed()), "\(state ?? "any")")
                #expect(page.looked == 40 && page.last == MessageID(1010))
            }
            let leased = try await database.run(
                ListMessages(filter: Self.filter { $0.state = "leased" }, before: MessageID(.max), most: 10))
            #expect(leased.fitting.map(\.rawValue) == Array((991...1000).reversed()))
            let other = try await database.run(
                ListMessages(
                    filter: Self.filter {
                        $0.state = "due"
                        $0.messageClass = "otp"
                    }, before: MessageID(.max), most: 10))
            #expect(other.fitting.isEmpty && other.looked == 10, "they are looked at, and none is of this class")
            try await connection.execute(
                script: "delete from martlet_data.dead_letters; delete from martlet_data.receipts_default", within: .seconds(60))
            let shown = try await database.run(
                LoadMessageOverviews(ids: [999, 1000, 1001, 1002].map { MessageID($0) }, state: "due", limit: 1))
            #expect(shown.map(\.id.rawValue) == [1002] && shown[0].state == "due")
        }
    }
}
