import Domain
import Store
import TestSupport
import Testing
import Text

@testable import Producer

@Suite("Lines and gzip")
struct LineTests {
    private func lines(_ bytes: [UInt8]) throws -> [Line] {
        let file = try TemporaryFile(bytes)
        var reader = LineReader(try ByteSource(path: file.path, stop: StopFlag()))
        var found: [Line] = []
        while case .line(let line) = try reader.next() { found.append(line) }
        return found
    }

    @Test("a byte order mark, CRLF and a missing last line end change nothing in the lines")
    func ends() throws {
        let found = try lines([0xEF, 0xBB, 0xBF] + Array("a\r\nb\n\nc".utf8))
        #expect(found.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a", "b", "", "c"])
        #expect(found.map(\.number) == [1, 2, 3, 4])
        #expect(found.map(\.hadReturn) == [true, false, false, false])
        #expect(found.map(\.isComplete) == [true, true, true, false])
    }

    @Test(
        "a line beyond the limit keeps only its beginning, and the next line is whole", arguments: [262_145, 400_000, 5_000_000])
    func overlong(size: Int) throws {
        let found = try lines(Array(repeating: 0x61, count: size) + Array("\nnext\n".utf8))
        #expect(found.map(\.isOverlong) == [true, false])
        #expect(found[0].bytes.count == 1024)
        #expect(found[1] == Line(bytes: Array("next".utf8), number: 2))
    }

    @Test("a line at the limit is taken")
    func atLimit() throws {
        #expect(try lines(Array(repeating: 0x61, count: LineReader.limit) + [0x0A]).map(\.isOverlong) == [false])
    }

    @Test("gzip of several members, with zeros behind it, is read as one file")
    func members() async throws {
        let one = try await gzipped(Array("first\nsec".utf8))
        let two = try await gzipped(Array("ond\nthird\n".utf8))
        let found = try lines(one + two + [0, 0, 0])
        #expect(found.map { String(decoding: $0.bytes, as: UTF8.self) } == ["first", "second", "third"])
    }

    @Test("a gzip bomb is read in bounded steps: 64 MiB of one line are one overlong line")
    func bomb() async throws {
        let packed = try await gzipped(Array(repeating: 0x20, count: 64 << 20))
        #expect(packed.count < 100_000)
        let found = try lines(packed + (try await gzipped(Array("\nend\n".utf8))))
        #expect(found.map(\.isOverlong) == [true, false])
    }

    @Test("gzip that is cut off, damaged or followed by something else is an error of the input")
    func damaged() async throws {
        let packed = try await gzipped((0..<5000).flatMap { Array("line \($0)\n".utf8) })
        for bytes in [
            Array(packed.dropLast(9)), packed + Array("more".utf8), Array(packed.prefix(40)) + [1, 2, 3] + packed.dropFirst(43),
        ] {
            let error = #expect(throws: ProducerError.self) { try lines(bytes) }
            #expect(error?.exitCode == 74)
        }
    }

    @Test("a file that is not there, or is a directory, is an error of the input", arguments: ["/nowhere/list.csv", "/tmp"])
    func missing(path: String) {
        let error = #expect(throws: ProducerError.self) { try ByteSource(path: path, stop: StopFlag()) }
        #expect(error?.exitCode == 74)
    }
}

@Suite("CSV")
struct CSVTests {
    @Test(
        "records of RFC 4180",
        arguments: [
            ("a,b\n", ["a", "b"]), ("\"a\",\"b\"\n", ["a", "b"]), ("a,\n", ["a", ""]),
            ("\"\",x\n", ["", "x"]),
            ("\"a \"\"b\"\" c\",d\n", ["a \"b\" c", "d"]), ("\"a,b\",c\n", ["a,b", "c"]), ("5\" pipe,c\n", ["5\" pipe", "c"]),
            ("\"two\nlines\",c\n", ["two\nlines", "c"]), ("\"two\r\nlines\",c\r\n", ["two\r\nlines", "c"]),
            (" a , b \n", [" a ", " b "]),
        ])
    func fields(text: String, expected: [String]) throws {
        let steps = try reading("recipient,v\n" + text, comma, defaults: ["class": "c", "channel": "push", "template": "t"])
        let row = try #require(steps.only?.record).row
        #expect(row["recipient"] ?? "" == expected[0])
        #expect(row["variables"] == "{\"v\":\(JSONString.quoted(expected[1]))}")
    }

    @Test("a record has the line where it begins; blank lines are none")
    func lineNumbers() throws {
        let steps = try reading("\(required),note\n\nc,sms,+441,t,\"one\n\ntwo\"\nc,sms,+442,t,x\n", comma)
        #expect(steps.map { $0.record?.line } == [3, 6])
        #expect(steps.map { $0.record?.lastLine } == [5, 6])
        #expect(steps[0].record?.text == "c,sms,+441,t,\"one\n\ntwo\"")
    }

    @Test("a stray quote costs one record, not the rest of the file")
    func strayQuote() throws {
        let steps = try reading("\(required),v\nc,sms,+441,t,\"oops\nc,sms,+442,t,x\nc,sms,+443,t,y\n", comma)
        #expect(steps.map { $0.reject?.line } == [2, nil, nil])
        #expect(steps.compactMap { $0.record?.row["recipient"] } == ["+442", "+443"])
    }

    @Test("a quote that is not closed within the limit costs one record")
    func openQuote() throws {
        let rest = (0..<30_000).map { "c,sms,+44\($0),t,x\n" }.joined()
        let steps = try reading("\(required),v\nc,sms,+441,t,\"oops\n" + rest, comma)
        #expect(steps.count == 30_001)
        #expect(steps.filter { $0.reject != nil }.map { $0.reject?.line } == [2])
    }

    @Test(
        "what cannot be a record is rejected with its line",
        arguments: [
            ("c,sms,+441\n", "bad_csv"), ("c,sms,+441,t,x\n", "bad_csv"), ("\"c\"x,sms,+441,t\n", "bad_csv"),
            ("c,sms,\u{0}1,t\n", "bad_text"),
        ])
    func rejects(text: String, code: String) throws {
        let steps = try reading("\(required)\n\(text)c,sms,+442,t\n", comma)
        #expect(steps.count == 2)
        #expect(steps[0].reject?.line == 2)
        #expect(steps[0].reject?.code == code)
        #expect(steps[1].record?.row["recipient"] == "+442")
    }

    @Test("bytes that are no UTF-8 reject their line only")
    func invalidUTF8() throws {
        let steps = try reading(Array("\(required)\nc,sms,+441,".utf8) + [0xC3, 0x28] + Array("\nc,sms,+442,t\n".utf8), comma)
        #expect(steps.map { $0.reject?.code } == ["bad_utf8", nil])
    }

    @Test("other columns are text variables, a column `variables` is merged, empty arguments are absent")
    func variables() throws {
        let text = "\(required),locale,code,variables\nc,sms,+441,t,,\"7 \"\"x\"\"\",\"{\"\"n\"\": 1.50}\"\n"
        let row = try #require(try reading(text, comma).only?.record).row
        #expect(row["locale"] == nil)
        #expect(row["variables"] == #"{"n":1.50,"code":"7 \"x\""}"#)
    }

    @Test(
        "a header that cannot be right ends the import",
        arguments: [
            "class,channel,template\n", "\(required),class\n", "\(required),,b\n", "class,channel\rc,sms\r",
            "\(required),name\u{2028}c,sms,+441,t,Ann\u{2028}", "\(required),name\u{85}c,sms,+441,t,Ann\u{85}",
            "class;channel;recipient;template\n",
            "\(required),Group Key\n",
            "\(required),order.number\n", "Class,channel,recipient,template\n",
        ])
    func badHeader(header: String) {
        let error = #expect(throws: ProducerError.self) { try reading(header + "c,sms,+441,t\n", comma) }
        #expect(error?.exitCode == 65)
    }

    @Test("what spreadsheets add is no record: empty rows, empty columns behind the last, a line that names the separator")
    func spreadsheets() throws {
        let text =
            "\u{FEFF}sep=;\r\nclass;channel;recipient;template;;\r\nc;sms;+441;t;;\r\n;;;;;\r\nc;sms;+442;t;\u{A0};;;\r\n;;\r\nc;sms;+443;t;x;\r\n"
        let steps = try reading(text, .csv(delimiter: UInt8(ascii: ";")))
        #expect(steps.compactMap { $0.record?.row["recipient"] } == ["+441", "+442"])
        #expect(steps.compactMap { $0.reject?.line } == [7])
    }

    @Test("another delimiter")
    func delimiter() throws {
        let steps = try reading("class;channel;recipient;template\nc;sms;+441;\"a;b\"\n", .csv(delimiter: UInt8(ascii: ";")))
        #expect(steps.only?.record?.row["template"] == "a;b")
    }
}

@Suite("NDJSON")
struct NDJSONTests {
    @Test("other keys are variables with their JSON types, and numbers keep their digits")
    func variables() throws {
        let text =
            #"{"recipient":"+441","code":1.10,"list":[1,{"a":null}],"variables":{"x":true},"time_zone":null,"name":"\u00e9\ud83d\ude00"}"#
        let row = try #require(try reading(text + "\n", .ndjson, defaults: ["class": "c"]).only?.record).row
        #expect(row["recipient"] == "+441")
        #expect(row["class"] == "c")
        #expect(row["time_zone"] == nil)
        #expect(row["variables"] == #"{"x":true,"code":1.10,"list":[1,{"a":null}],"name":"\u00e9\ud83d\ude00"}"#)
    }

    @Test("escapes in arguments are decoded")
    func escapes() throws {
        let row = try #require(try reading(#"{"group_key":"a\"\\\/\n\u00e9\ud83d\ude00"}"# + "\n", .ndjson).only?.record).row
        #expect(row["group_key"] == "a\"\\/\né😀")
    }

    @Test(
        "hostile lines are rejected, and the next line is read",
        arguments: [
            ("{", "bad_json"), ("[]", "bad_json"), ("{} {}", "bad_json"), (#"{"a":01}"#, "bad_json"),
            (#"{"a":"\u0000"}"#, "bad_json"),
            (#"{"a":"\ud800"}"#, "bad_json"), (#"{"a":nul}"#, "bad_json"), (#"{"a":1,}"#, "bad_json"),
            ("{\"a\":\"\t\"}", "bad_json"),
            (#"{"recipient":447700900123}"#, "bad_type"), (#"{"variables":[]}"#, "bad_type"), (#"{"headers":"x"}"#, "bad_type"),
            (#"{"a":1,"a":2}"#, "repeated_field"), (#"{"a":1,"variables":{"a":2}}"#, "repeated_field"),
            (#"{"Recipient":"x"}"#, "unknown_field"),
            (#"{"groupKey":"x"}"#, "unknown_field"), ("{\"a\":" + String(repeating: "[", count: 100_000) + "}", "bad_json"),
        ])
    func hostile(line: String, code: String) throws {
        let steps = try reading(line + "\n{\"recipient\":\"+442\"}\n", .ndjson)
        #expect(steps.map { $0.reject?.code } == [code, nil])
        #expect(steps[0].reject?.line == 1)
    }
}

extension Array {
    var only: Element? { count == 1 ? self[0] : nil }
}
