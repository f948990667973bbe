import Testing

@testable import Text

@Suite("The one JSON reader and writer")
struct JSONTests {
    private static func read(
        _ text: String, _ halfSurrogates: JSONParser.HalfSurrogates = .refused
    ) -> JSONValue? {
        do { return try JSONValue.read(Array(text.utf8), halfSurrogates: halfSurrogates) } catch { return nil }
    }

    @Test(
        "JSON is read exactly, and nothing else",
        arguments: [
            ("{\"a\":[1,2.50,-0,1e9,true,false,null,\"\\u00e9\\ud83d\\ude00\\n\"]}", true), ("[]", true), (" {} ", true),
            ("12345678901234567890123", true), ("{\"a\":1,}", false), ("[1 2]", false), ("01", false), ("\"a", false),
            ("", false), ("{\"a\" 1}", false), ("nul", false), ("1.", false), ("{} x", false), ("\"\t\"", false),
            ("\"\\u+123\"", false),
            (String(repeating: "[", count: 32) + String(repeating: "]", count: 32), true),
            (String(repeating: "[", count: 33) + String(repeating: "]", count: 33), false),
            (String(repeating: "[", count: 100_000), false),
        ])
    func grammar(text: String, isValid: Bool) {
        #expect((Self.read(text) != nil) == isValid)
        #expect(JSONValue.isWellFormed(Array(text.utf8)) == isValid)
    }

    @Test("random and truncated JSON never crashes the reader, whatever becomes of half surrogates")
    func fuzz() {
        let seed = Array("{\"messages\":[{\"id\":\"\\ud83d\\ude00\",\"n\":-1.5e-3}],\"ok\":true,\"none\":null}".utf8)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 0...4, using: &random) { bytes[Int.random(in: bytes.indices)] = .random(in: 0...255) }
            let part = Array(bytes.prefix(.random(in: 0...bytes.count)))
            _ = JSONValue.sent(part)
            do { _ = try JSONValue.read(part) } catch { continue }
        }
        #expect(JSONValue.sent(seed) != nil)
    }

    @Test("what was read is written as it was, numbers with all their digits, names in their order")
    func roundTrip() {
        let text = #"{"z":12345678901234567890123,"a":[1.50,"q\"\\é",true,null,{}],"z":[]}"#
        #expect(Self.read(text)?.line == text)
        #expect(Self.read("[1, {\"a\": 2}]")?.text == "[\n  1,\n  {\n    \"a\": 2\n  }\n]")
    }

    @Test("infinity and no number at all are null")
    func doubles() {
        #expect(JSONValue.double(.infinity).line == "null" && JSONValue.double(.nan).line == "null")
        #expect(JSONValue.double(1.5).line == "1.5")
    }

    @Test(
        "half a surrogate pair is refused in what must be kept exactly, and replaced in what a provider sends",
        arguments: [
            (#"["\ud83d"]"#, "\u{FFFD}"), (#"["\ud83dx"]"#, "\u{FFFD}x"), (#"["\ude00\u0041"]"#, "\u{FFFD}A"),
            (#"["\ud83d\u0041"]"#, "\u{FFFD}A"), (#"["\ud83d\ud83d\ude00"]"#, "\u{FFFD}😀"),
        ])
    func surrogates(text: String, shown: String) {
        #expect(Self.read(text) == nil)
        #expect(Self.read(text, .replaced) == .array([.string(shown)]))
        #expect(JSONValue.sent(Array(text.utf8)) == .array([.string(shown)]))
    }

    @Test("what a provider sends is an object or a list; a byte order mark before it is passed over")
    func sent() {
        #expect(JSONValue.sent([0xEF, 0xBB, 0xBF] + Array("{}".utf8)) == .object([]))
        for text in ["12", "true", "\"a\"", "OK", "", " "] { #expect(JSONValue.sent(Array(text.utf8)) == nil, "\(text)") }
    }

    @Test("a NUL is refused where it cannot be stored, with its place")
    func storing() {
        let text = Array(#"{"a":"x\u0000"}"#.utf8)
        #expect(throws: JSONFault(problem: "\\u0000 cannot be stored; leave it out", offset: 7)) {
            _ = try JSONParser.parse(text.span, allowsNUL: false)
        }
        #expect(JSONValue.isWellFormed(text))
    }

    @Test("an object of texts, and nothing else", arguments: ["[]", "{\"a\":1}", "{\"a\":{}}", "x", "{"])
    func texts(wrong: String) throws {
        #expect(try JSONValue.texts("{\"b.yaml\":\"x: 1\\n\",\"a\":\"\"}") == ["b.yaml": "x: 1\n", "a": ""])
        #expect(throws: JSONFault.self) { try JSONValue.texts(wrong) }
    }

    @Test(
        "a path finds a scalar, and only a scalar",
        arguments: [
            ("a.b[1]", "2"), ("$.a.b[0]", "x"), ("a", nil), ("a.b[2]", nil), ("c", nil), ("d", "true"),
        ] as [(String, String?)])
    func paths(path: String, found: String?) throws {
        let json = try #require(JSONValue.sent(Array(#"{"a":{"b":["x",2]},"c":null,"d":true}"#.utf8)))
        #expect(try #require(JSONPath(path)).text(in: json) == found)
    }

    @Test("a path with a gap, a blank or more than 16 steps is none", arguments: ["", "a..b", "a.", "a[x]", "a b", "['x']"])
    func noPath(text: String) {
        #expect(JSONPath(text) == nil)
        #expect(JSONPath(Array(repeating: "a", count: 17).joined(separator: ".")) == nil)
    }
}
