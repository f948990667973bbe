import Rendering
import Testing

@Suite("Variables are one JSON object, RFC 8259 to the letter")
struct VariablesTests {
    @Test(
        "what the RFC allows is taken",
        arguments: [
            "{}", " \t\r\n{ } \n", #"{"a":[1,-2,0,0.5,1e3,1E-3,1.5e+10,-0]}"#, #"{"":0}"#,
            #"{"a":{"b":[[],{},null,true,false,""]}}"#,
            #"{"a":"\"\\\/\b\f\n\r\t\u0041\uD83D\uDE00"}"#, "{\"a\":\"\u{7F}好\u{2028}\"}",
        ])
    func valid(_ json: String) throws { _ = try Variables(json) }

    @Test(
        "what it forbids is refused, with the place",
        arguments: [
            ("", 0), ("   ", 3), ("[]", 0), ("1", 0), ("null", 0), ("\"x\"", 0), ("{", 1), ("}", 0), ("{\"a\"", 4),
            ("{\"a\":", 5),
            ("{\"a\":1", 6), ("{\"a\":1,", 7), ("{\"a\":1,}", 7), ("{,}", 1), ("{a:1}", 1), ("{'a':1}", 1), ("{\"a\" 1}", 5),
            ("{\"a\":1 \"b\":2}", 7), ("{\"a\":01}", 5), ("{\"a\":-}", 5), ("{\"a\":+1}", 5), ("{\"a\":.5}", 5),
            ("{\"a\":1.}", 7),
            ("{\"a\":1e}", 7), ("{\"a\":0x1}", 6), ("{\"a\":NaN}", 5), ("{\"a\":Infinity}", 5), ("{\"a\":tru}", 5),
            ("{\"a\":nul", 5), ("{\"a\":[1,]}", 8), ("{\"a\":[1}", 7), ("{\"a\":\"x}", 5), ("{\"a\":\"\n\"}", 6),
            ("{\"a\":\"\u{0}\"}", 6),
            ("{\"a\":\"\\x\"}", 6), ("{\"a\":\"\\u12\"}", 6), ("{\"a\":\"\\u12G4\"}", 6), ("{\"a\":\"\\", 6), ("{} {}", 3),
            ("{}x", 2),
            ("{} // c", 3), ("\u{FEFF}{}", 0), ("{\u{A0}}", 1),
        ])
    func invalid(_ json: String, _ offset: Int) {
        let error = #expect(throws: RenderError.self) { try Variables(json) }
        guard case .badVariables(_, let at)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(at == offset)
    }

    @Test(
        "half a surrogate pair is refused",
        arguments: [
            #"\ud83d"#, #"\ude00"#, #"\ud83dx"#, #"\ud83d\n"#, #"\ud83d\u0041"#, #"\ud83d\ud83d"#, #"\ude00\ud83d"#,
            #"\ude00\ude00"#, #"\ud83d\u"#,
        ])
    func surrogates(_ escape: String) {
        #expect(code { () throws(RenderError) in _ = try Variables("{\"a\":\"\(escape)\"}") } == "bad_variables")
    }

    @Test(
        "bytes that are not UTF-8 are refused at the first of them",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE5, 0xA5]])
    func notUTF8(_ bad: [UInt8]) {
        let json = Array("{\"a\":\"".utf8) + bad + Array("\"}".utf8)
        let error = #expect(throws: RenderError.self) { try Variables(utf8: json) }
        #expect(error == .badVariables(problem: "not UTF-8", offset: 6))
        #expect(throws: Never.self) { try Variables(utf8: Array("{\"a\":\"好\"}".utf8)) }
    }

    @Test("32 levels are allowed, 33 and 30,000 are not")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            "{\"a\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        _ = try Variables(nested(32))
        #expect(code { () throws(RenderError) in _ = try Variables(nested(33)) } == "bad_variables")
        #expect(
            code { () throws(RenderError) in _ = try Variables("{\"a\":" + String(repeating: "[", count: 30_000)) }
                == "bad_variables")
    }

    @Test("64 KiB are allowed, one byte more is not, nor is 1 MB")
    func size() throws {
        func sized(_ bytes: Int) -> String { "{\"a\":\"" + String(repeating: "x", count: bytes - 8) + "\"}" }
        _ = try Variables(sized(64 * 1024))
        #expect(code { () throws(RenderError) in _ = try Variables(sized(64 * 1024 + 1)) } == "too_large")
        #expect(code { () throws(RenderError) in _ = try Variables(sized(1 << 20)) } == "too_large")
    }

    @Test("errors never repeat what was sent")
    func noValues() {
        let error = #expect(throws: RenderError.self) { try Variables(#"{"code": "918273" "x"}"#) }
        #expect(error?.description.contains("918273") == false)
    }

    @Test(
        "present is what is there and not blank",
        arguments: [
            (#"{"x": "a"}"#, true), (#"{"x": 0}"#, true), (#"{"x": false}"#, true), (#"{"x": [0]}"#, true),
            (#"{"x": {"a": 0}}"#, true),
            (#"{"x": "\u0041"}"#, true), (#"{"x": "好"}"#, true), (#"{"y": 1}"#, false), (#"{"x": null}"#, false),
            (#"{"x": ""}"#, false),
            (#"{"x": " \t"}"#, false), (#"{"x": "\u0020\n"}"#, false), (#"{"x": "\u3000"}"#, false),
            ("{\"x\": \"\u{3000}\u{200B}\"}", false), (#"{"x": []}"#, false), (#"{"x": [ ]}"#, false),
            (#"{"x": {}}"#, false),
        ])
    func presence(_ json: String, _ present: Bool) throws {
        #expect(try Variables(json).isPresent("x") == present)
        #expect(try Variables("{\"o\": \(json)}").isPresent("o.x") == present)
    }
}
