import Testing

@testable import AdminCommands

@Suite("Tables on a terminal that is too narrow for them")
struct NarrowTableTests {
    private var figures: Table {
        var table = Table(
            "class", "#messages", "#accepted", "#delivered", "#undelivered", "#clicked %", "#opened (unreliable)", "#dead")
        table.add("otp", "1200", "1190", "1100", "90", "", "0", Table.Cell("3", .yellow))
        table.add("marketing", "98000", "97000", "96000", "1000", "", "12", "0")
        return table
    }

    @Test("figures are turned round where that fits; a line without any is left out")
    func turned() {
        let lines = figures.lines(colours: false, width: 60)
        #expect(lines.first == "CLASS                 OTP  MARKETING")
        #expect(
            lines.contains("messages             1200      98000") && lines.contains("dead                    3          0"))
        #expect(!lines.contains { $0.hasPrefix("clicked") })
        #expect(figures.lines(colours: false, width: 200).count == 3)
    }

    @Test("other tables, and too many rows, become a paragraph a row, with names, within the width", arguments: [40, 80, 120])
    func paragraphs(width: Int) {
        var table = Table("provider", "state", "circuit", "#accepted/s", "why")
        let why =
            "it loses receipts since this morning and the carrier has not answered yet, so that all goes by 青燕青燕青燕青燕青燕 until tomorrow"
        table.add("carrier-a", Table.Cell("paused 3 h ago by ann", .yellow), "", "12", Table.Cell(why))
        table.add("carrier-b", Table.Cell("in use", .green), "closed", "7", "")
        let lines = table.lines(colours: false, width: width)
        #expect(lines.allSatisfy { displayWidth($0) <= width }, "\(lines)")
        #expect(lines.first == "carrier-a" && lines.contains("carrier-b"))
        #expect(lines.contains { $0.contains("state paused 3 h ago by ann") })
        if width >= 80 { #expect(lines.contains("  state in use   circuit closed   accepted/s 7")) }
        #expect(!lines.contains { $0.contains("circuit") && $0.contains("paused") }, "what is empty is left out")
        var many = figures
        for index in 0..<12 { many.add("class-\(index)", "1", "1", "1", "1", "1", "1", "1") }
        #expect(many.lines(colours: false, width: 60).allSatisfy { displayWidth($0) <= 60 })
    }

    @Test("a row that begins with a small number says of what")
    func numbered() {
        var table = Table("#session", "worker", "why")
        table.add("4", "worker-1", Table.Cell(String(repeating: "long ", count: 20)))
        #expect(table.lines(colours: false, width: 40).first == "session 4")
    }

    @Test("an empty table is the word none")
    func none() { #expect(Table("id", "state").lines(colours: false, width: 80) == ["none"]) }
}
