import Domain
import Foundation
import Testing
import Text

@Suite("JSON strings") struct JSONStringTests {
    @Test(
        "what JSON, or a reader of lines, cannot take is escaped, and nothing else",
        arguments: [
            ("plain é 好 😀 / '", #"plain é 好 😀 / '"#), ("", ""), ("a\"b\\c", #"a\"b\\c"#), ("\n\r\t", #"\n\r\t"#),
            ("\u{0}\u{1}\u{1F}\u{7F}", #"\u0000\u0001\u001f\u007f"#), ("a\u{2028}b\u{2029}", #"a\u2028b\u2029"#),
            ("\u{2027}–“”\u{202A}", "\u{2027}–“”\u{202A}"), ("\u{20A8}\u{E028}", "\u{20A8}\u{E028}"),
        ])
    func escapes(text: String, expected: String) {
        #expect(JSONString.escaped(text) == expected)
        #expect(JSONString.quoted(text) == "\"\(expected)\"")
    }

    @Test("another reader reads every character back")
    func roundTrip() throws {
        let scalars = (0...0x2100).compactMap { Unicode.Scalar($0 as UInt32) } + ["\u{FFFF}", "\u{1F600}", "\u{10FFFF}"]
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        let read = try JSONDecoder().decode(String.self, from: Data(JSONString.quoted(text).utf8))
        #expect(read.unicodeScalars.elementsEqual(scalars))
    }

    @Test("a text is put behind what is there")
    func appends() {
        var output = Array("{\"a\":".utf8)
        JSONString.append(quoted: "x\n", to: &output)
        #expect(String(decoding: output, as: UTF8.self) == #"{"a":"x\n""#)
    }
}
