import Testing

@testable import AdminCommands

@Suite("Output")
struct OutputTests {
    @Test(
        "widths are columns of a terminal",
        arguments: [("abc", 3), ("验证码", 6), ("e\u{301}", 1), ("👨‍👩‍👧", 2), ("ｶ", 1), ("Ａ", 2), ("", 0)])
    func widths(text: String, width: Int) { #expect(displayWidth(text) == width) }

    @Test("a table aligns Chinese text and numbers, and ends lines without blanks")
    func table() {
        var table = Table("name", "#n", "text")
        table.add("青燕", "7", "a")
        table.add("swallow", "1234", "")
        #expect(table.lines(colours: false) == ["NAME        N  TEXT", "青燕        7  a", "swallow  1234"])
    }

    @Test("what other people wrote cannot move the cursor or turn the writing round")
    func printable() {
        #expect(Printable.line("a\u{1B}[31mb\nc\u{202E}d") == "a\u{FFFD}[31mb⏎c\u{FFFD}d")
        #expect(Printable.text("a\nb\tc\u{7}") == "a\nb\tc\u{FFFD}")
    }

    @Test("colours only where they are allowed")
    func colours() {
        #expect(Style.red.apply("x", true) == "\u{1B}[31mx\u{1B}[0m")
        #expect(Style.red.apply("x", false) == "x")
        #expect(!Terminal(descriptor: 1, environment: ["NO_COLOR": "1"]).colours)
    }
}
