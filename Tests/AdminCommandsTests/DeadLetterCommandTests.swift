import Foundation
import TestSupport
import Testing

@testable import AdminCommands

@Suite(
    "dead letters: read, edited, requeued, by the real binary", .serialized,
    .scratchDatabase { try await MartletBinary.applied() })
struct DeadLetterCommandTests {
    private static let good = #"{"order_number": "A-1", "time": "9:30", "total": "£12"}"#

    /// A dead letter of template order-confirmed with these variables.
    private func letter(_ variables: String, to recipient: String = "+4915112349001", reason: String = "attempts_exhausted")
        async throws -> String
    {
        let owner = try await Owner()
        let id = try await owner.deadLetter(recipient, reason: reason)
        try await owner.execute(
            """
            update martlet_data.messages set template = 'order-confirmed', variables = '\(variables)' where id = \(id);
            update martlet_data.dead_letters d set template = 'order-confirmed', message = (select to_jsonb(m) from martlet_data.messages m where m.id = d.message_id)
                where message_id = \(id);
            """)
        return id
    }

    private func variables(_ id: String) async throws -> [String: Any]? {
        try await MartletBinary.here().json(["message", "show", id, "--variables"])["variables"] as? [String: Any]
    }

    @Test("a dead letter shows the text as it would be sent; else why it cannot be, with all variables that are missing")
    func text() async throws {
        let martlet = try MartletBinary.here()
        let whole = try await letter(Self.good)
        let shown = try await martlet.json(["dead-letters", "show", whole])
        let preview = try #require(shown["would_send"] as? [String: Any], "\(shown)")
        #expect((preview["text"] as? String)?.contains("A-1") == true)
        #expect(try await martlet.run(["dead-letters", "show", whole]).output.contains("as it would be sent now:"))
        let empty = try await letter(#"{"time": "9:30"}"#)
        let problem = try #require(try await martlet.json(["dead-letters", "show", empty])["problem"] as? String)
        #expect(problem.contains("`order_number`") && problem.contains("`total`"), "\(problem)")
    }

    @Test("--variables is added to the variables of each message, --replace-variables takes their place")
    func merge() async throws {
        let martlet = try MartletBinary.here()
        let merged = try await letter(#"{"time": "9:30", "total": "x"}"#)
        #expect(
            try await martlet.run([
                "dead-letters", "requeue", merged, "--variables", #"{"order_number": "B-2", "total": "£1"}"#, "--why", "x",
            ]).code == 0)
        #expect(try await variables(merged)?.mapValues { "\($0)" } == ["time": "9:30", "total": "£1", "order_number": "B-2"])
        let replaced = try await letter(Self.good)
        #expect(
            try await martlet.run(["dead-letters", "requeue", replaced, "--replace-variables", #"{"a": 1}"#, "--why", "x"]).code
                == 0)
        #expect(try await variables(replaced)?.keys.sorted() == ["a"])
        let both = ["dead-letters", "requeue", replaced, "--variables", "{}", "--replace-variables", "{}", "--why", "x"]
        #expect(try await martlet.run(both).code == 64)
    }

    @Test("twenty letters in doubt or with a held word are refused in a few lines, with the flag that is needed")
    func grouped() async throws {
        let martlet = try MartletBinary.here()
        let owner = try await Owner()
        var ids: [String] = []
        for index in 10..<30 {
            ids.append(try await owner.deadLetter("+49151123492\(index)", reason: index < 20 ? "in_doubt" : "held_word"))
        }
        let run = try await martlet.run(["dead-letters", "requeue", "--why", "x"] + ids)
        #expect(run.code == 2)
        #expect(run.output.split(separator: "\n").count <= 8, "\(run.output)")
        #expect(run.output.contains("10 refused: it is in doubt") && run.output.contains("--may-duplicate"), "\(run.output)")
        #expect(run.output.contains("10 refused: it holds a word") && run.output.contains("--approve-words"), "\(run.output)")
        #expect(run.output.contains("… and 5 more: `martlet jobs show"))
        let flags = try await martlet.run(
            ["dead-letters", "requeue", "--may-duplicate", "--approve-words", "--why", "read"] + ids)
        #expect(flags.code == 0 && flags.output.contains("requeued 20"), "\(flags.output)")
    }

    @Test(
        "a letter is edited in EDITOR: what cannot be rendered is refused, a dry run changes nothing, what can be is requeued and audited"
    )
    func edit() async throws {
        var martlet = try MartletBinary.here()
        let id = try await letter(#"{"time": "9:30", "total": "£12"}"#)
        let edit = ["dead-letters", "edit", id, "--why", "the shop sent no number"]
        martlet.environment = ["EDITOR": "true", "VISUAL": ""]
        #expect(try await martlet.run(edit).output.contains("as they were; nothing was changed"))
        martlet.environment["EDITOR"] = "no-such-editor-here"
        #expect(try await martlet.run(edit).code == 75)
        martlet.environment["EDITOR"] = #"sed -i s/9:30/10:00/"#
        let missing = try await martlet.run(edit + ["--yes"])
        #expect(missing.code == 2 && missing.output.contains("order_number"), "\(missing.output)")
        martlet.environment["EDITOR"] = #"sed -i 's/^{/{ "order_number": "A-77",/'"#
        let dry = try await martlet.json(edit + ["--dry-run"])
        #expect((dry["text"] as? String)?.contains("A-77") == true, "\(dry)")
        #expect(try await martlet.run(edit).code == 75, "it was not confirmed")
        let done = try await martlet.run(edit + ["--yes"])
        #expect(done.code == 0 && done.output.contains("requeued 1") && done.output.contains("A-77"), "\(done.output)")
        #expect(try await variables(id)?["order_number"] as? String == "A-77")
        let audit = try await martlet.json(["audit", "--object", id])
        let detail = (audit["audit"] as? [[String: Any]])?.first?["detail"] as? [String: Any]
        #expect(detail?["edited_variables"] as? Bool == true)
    }

    @Test("JSON is laid out for people without changing a value")
    func pretty() {
        let text = #"{"a": 1.10, "b": {"c": [], "d": [1, {"e": "x{,\"y"}]}, "f": {}}"#
        let shown = PrettyJSON.text(text)
        #expect(shown.hasPrefix("{\n  \"a\": 1.10,\n  \"b\": {\n    \"c\": [],\n"), "\(shown)")
        #expect(shown.filter { !$0.isWhitespace } == text.filter { !$0.isWhitespace })
        #expect(PrettyJSON.text("{}") == "{}")
    }
}
