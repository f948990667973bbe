import Domain
import Foundation
import TestSupport
import Testing

@testable import AdminCommands
@testable import Operations
@testable import Store

@Suite("what it costs, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct CostCommandTests {
    /// A message that sandbox-sms took twice: the first time its answer was lost, and a receipt says that it came.
    private func paidTwice(_ recipient: String) async throws -> String {
        let owner = try await Owner()
        let id = try await owner.enqueue(recipient)
        try await owner.execute(
            """
            delete from martlet_data.ready where message_id = \(id);
            update martlet_data.messages set group_key = 'spring' where id = \(id);
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments, cost_micros, currency)
                select \(id), n, 'sandbox-sms', 1, clock_timestamp(), clock_timestamp(), 1, 2, 13000, 'EUR' from generate_series(1, 3) n;
            insert into martlet_data.receipts (message_id, kind, attempt, provider, part) values (\(id), 'unknown', 1, 'sandbox-sms', null),
                (\(id), 'delivered', 1, 'sandbox-sms', 0), (\(id), 'rejected', 2, 'sandbox-sms', null), (\(id), 'accepted', 3, 'sandbox-sms', null);
            """)
        return id
    }

    @Test("a message shows the sum of what was accepted, a provider what it took today, a report what a group cost")
    func costs() async throws {
        let martlet = try MartletBinary.here()
        let id = try await paidTwice("+4915112347001")
        let message = try await martlet.json(["message", "show", id])
        let cost = try #require((message["cost"] as? [[String: Any]])?.first)
        #expect(cost["micros"] as? Int == 26_000 && cost["accepted"] as? Int == 2 && cost["in_doubt"] as? Int == 0)
        #expect(try await martlet.run(["message", "show", id]).output.contains("cost       0.026 EUR for 2 accepted hand-overs"))

        let provider = try await martlet.json(["providers", "show", "sandbox-sms", "--since", "1h"])
        #expect(provider["sent"] as? Int == 3 && provider["accepted"] as? Int == 2 && provider["refused"] as? Int == 1)
        #expect(provider["segments"] as? Int == 4 && provider["delivered_share"] as? Double == 1)
        #expect((provider["costs"] as? [[String: Any]])?.first?["micros"] as? Int == 26_000)
        let shown = try await martlet.run(["providers", "show", "sandbox-sms", "--since", "1h"]).output
        #expect(shown.contains("cost         0.026 EUR") && shown.contains("receipts     none expected"), "\(shown)")
        #expect(try await martlet.run(["providers", "show", "sandbox-smss"]).code == 1)

        let report = try await martlet.json(["report", "--group", "spring"])
        #expect((report["messages"] as? [[String: Any]])?.first?["delivered"] as? Int == 1)
        #expect((report["totals"] as? [[String: Any]])?.first?["micros"] as? Int == 26_000)
        #expect(try await martlet.run(["report", "--group", "spring"]).output.contains("total  0.026 EUR"))
        let nothing = try await martlet.run(["report", "--group", "autumn"])
        #expect(nothing.code == 0 && nothing.output.hasPrefix("none since"), "\(nothing.output)")
        #expect(try await martlet.run(["report", "--since", "90d"]).code == 64)
    }

    @Test("budgets are listed with what is left and when they renew; without any it says so")
    func budgets() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        #expect(try await martlet.run(["budgets", "list"]).output.contains("no budgets"))
        try await owner.execute(
            """
            insert into martlet_data.budgets values ('day', '{}', '{}', '{sandbox-sms}', false, 'Etc/UTC', 'EUR', 5000000, 'defer', null),
                ('each', '{marketing}', '{}', '{}', true, 'Asia/Tokyo', 'segments', 10, 'stop', null), ('old', '{}', '{}', '{}', false, 'Etc/UTC', 'EUR', 1, 'stop', now());
            insert into martlet_data.budget_usage values ('day', 'EUR', 1250000, now() - interval '1 hour', now() + interval '1 hour'),
                ('each/spring', 'segments', 10, now() - interval '1 hour', now() + interval '1 hour'), ('each/autumn', 'segments', 10, now() - interval '2 days', now() - interval '1 day');
            """)
        let list = try await martlet.json(["budgets", "list"], as: [[String: Any]].self)
        #expect(list.map { $0["name"] as? String } == ["day", "each"])
        #expect(list.map { $0["left"] as? Int } == [3_750_000, 0])
        #expect(list[1]["group"] as? String == "spring" && list[0]["group"] is NSNull)
        let shown = try await martlet.run(["budgets"]).output
        #expect(shown.contains("3.75 EUR") && shown.contains("10 segments"), "\(shown)")
        let others = try await martlet.json(["budgets", "list", "--provider", "sandbox-email"], as: [[String: Any]].self)
        #expect(others.map { $0["name"] as? String } == ["each"])
    }

    @Test("each attempt counts once: accepted is paid, in doubt apart, refused not")
    func sums() {
        func attempt(_ number: Int, _ outcome: String?, _ micros: Int64?, _ currency: String? = "EUR") -> LoadAttempts.Attempt {
            .init(
                attempt: number, provider: "p", session: 1, admittedAt: .init(microseconds: 0), sendBy: .init(microseconds: 0),
                templateVersion: 1, segments: 1, costMicros: micros, currency: micros == nil ? nil : currency, outcome: outcome)
        }
        func receipt(_ attempt: Int, _ kind: String) -> LoadReceipts.Receipt {
            .init(at: .init(microseconds: 0), kind: kind, attempt: attempt, stale: false)
        }
        let cost = MessageCost(
            [
                attempt(1, "accepted", 5), attempt(2, "unknown", 7), attempt(3, "unknown", 11), attempt(4, "rejected", 13),
                attempt(5, "accepted", nil), attempt(6, nil, 17, "USD"),
            ],
            [
                receipt(1, "accepted"), receipt(1, "delivered"), receipt(2, "unknown"), receipt(3, "undelivered"),
                receipt(5, "accepted"),
            ])
        #expect(
            cost.sums == [
                .init(currency: "EUR", micros: 16, accepted: 2, inDoubtMicros: 7, inDoubt: 1),
                .init(currency: "USD", inDoubtMicros: 17, inDoubt: 1),
            ])
        #expect(cost.unpriced == 1)
        #expect(MessageCost([], []).text == nil)
    }
}
