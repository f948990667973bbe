import PipelineSupport
import StageSupport
import TestSupport
import Testing

@testable import Store
@testable import Worker

@Suite("Workers count for reports")
struct ReportCountDutyTests {
    @Test("a round notes where a day begins, the next one counts it, and both workers may do it at once")
    func rounds() async throws {
        try await Shop.with { shop in
            let maintenance = try await Bench(shop).maintenance
            _ = try await shop.deadLetters(3)
            _ = try await maintenance.countReports()
            func days(_ condition: String) async throws -> Int {
                Int(try await shop.texts("select count(*)::text from martlet_data.report_days where \(condition)").first ?? "")
                    ?? -1
            }
            #expect(try await days("counted_xid is null") >= 2, "today and yesterday are begun")
            try await eventually(within: .seconds(60), "they are counted once no older transaction is under way") {
                try await shop.script("update martlet_data.report_days set asked_at = clock_timestamp() + interval '60 s'")
                async let first = maintenance.countReports()
                async let second = maintenance.countReports()
                _ = try await (first, second)
                return try await days("counted_xid is not null") >= 2
            }
            let dead = try await shop.texts("select sum(dead)::text from martlet_data.report_counts where provider = ''")
            #expect(dead == ["3"], "each once, whichever worker counts")
        }
    }
}
