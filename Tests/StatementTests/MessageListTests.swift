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
                    -- What is leased and due is looked through once.
                    truncate martlet_data.leased_1, martlet_data.due_1;
                    analyze;
                    """, within: .seconds(240))
            for filter in [
                MessageFilter(), Self.filter { $0.state = "dead" }, Self.filter { $0.state = "accepted" },
                Self.filter { $0.group = "none" },
                Self.filter { $0.messageClass = "otp" },
            ] {
                for before in [MessageID(.max), MessageID(100_000)] {
                    try await explain(
                        ListMessages(filter: filter, before: before, most: Self.batch, limit: Self.batch), 80, connection)
                }
            }
            try await explain(
                ListAudit(filter: AuditFilter(), before: 100_000, most: Self.batch, limit: Self.batch), 10, connection)
            try await explain(ListInbound(sender: nil, before: .max, limit: Self.batch), 10, connection)
            try await explain(LoadAudit(object: "4711"), 1, connection)

            let page = try await database.run(ListMessages(filter: MessageFilter(), before: MessageID(150), most: 40, limit: 10))
            #expect(
                page.messages.map(\.id.rawValue) == Array((140..<150).reversed()) && page.looked == 40
                    && page.last == MessageID(110))
        }
    }
}
