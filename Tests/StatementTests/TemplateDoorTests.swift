import Domain
import Postgres
import TestSupport
import Testing

@testable import Rendering
@testable import Settings

@Suite("What enqueue refuses is what a worker could not render", .migratedDatabase)
struct TemplateDoorTests {
    private func answers(_ sql: String, _ texts: [String]) async throws -> [String] {
        let connection = try await ScratchDatabase.required().connect()
        var parameters = PQParams()
        parameters.textArray(texts)
        let rows = try await connection.query(
            PQCall(
                "answers", "select (\(sql))::text from unnest($1::text[]) with ordinality w(text, n) order by w.n",
                prepared: false, params: parameters))
        let found = try rows.map { try $0.text(0) }
        await connection.close()
        return found
    }

    @Test("the text of a locale is chosen alike in SQL and in Swift")
    func locales() async throws {
        let locales = [
            "en", "EN", "zh-Hant-TW", "ZH_hant_tw", "zh-CN", "de-CH-1996", "x", "en-x-klingon", "sl-rozaj-biske", "default",
            "pt_BR", "a-b-c-d", "--en--gb-", "i-default",
            "es-419",
        ]
        let found = try await answers("array_to_string(martlet_data.locale_fallbacks(w.text), ' ')", locales)
        for (locale, sql) in zip(locales, found) {
            #expect(sql == TemplateSet.fallbacks(for: locale, sender: "en").joined(separator: " "), "\(locale)")
        }
    }

    @Test(
        "a variable is there, and has something in it, alike in SQL and in Swift; the cheap look sees null, an empty text and an empty list"
    )
    func presence() async throws {
        let blanks = (0...0x2FFF).compactMap(Unicode.Scalar.init).filter { $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }
        let marks: [Unicode.Scalar] = [
            "\u{FE0F}", "\u{FEFF}", "\u{FFA0}", "\u{FFF9}", "\u{1BCA0}", "\u{1D173}", "\u{1F600}", "\u{E0001}", "\u{E0100}",
            "\u{3000}", "\u{3164}",
        ]
        let values =
            [
                "null", "true", "false", "0", "\"\"", "\" \"", "\"x\"", "[]", "{}", "[ ]", "[null]", "[\"\"]", "{\"b\":null}",
                #""\n\t""#, #""\u0020""#, #""\u200b\u00A0""#, #""\u4e2d""#,
            ]
            + (blanks + marks).map { "\"\($0)\"" }
            + [0x00A0, 0x200B, 0x3000, 0xFEFF, 0x4E2D, 0x00AD].map {
                #""\u"# + String($0 + 0x10000, radix: 16).dropFirst() + "\""
            }
        let texts = values.map { "{\"other\": \"x\", \"a\":\($0)}" }
        let sql = try await answers("martlet_data.is_given(w.text::jsonb -> 'a')", texts)
        let plainlyEmpty: Set<String> = ["null", "\"\"", "[]"]
        let looks = try await answers(
            "martlet_data.may_be_blank(w.text) and martlet_data.may_be_blank(w.text::jsonb::text)", texts)
        #expect(sql.count(where: { $0 == "false" }) > 30)
        for (value, look) in zip(values, looks) where plainlyEmpty.contains(value) { #expect(look == "true", "\(value)") }
        for (text, given) in zip(texts, sql) {
            let isPresent = try Variables(text).isPresent("a")
            #expect(given == "\(isPresent)", "\(text.unicodeScalars.map { String($0.value, radix: 16) })")
        }
        // It may be wrong, but not where nothing is empty.
        let plain = try await answers("martlet_data.may_be_blank(w.text)", [#"{"a":"x","b":1,"c":[1],"d":{"e":"你好"},"f":"[ ]"}"#])
        #expect(plain == ["false"])
    }

    @Test("a word is answered with the same suggestion in SQL and in Swift")
    func suggestions() async throws {
        let known = ["transactional", "notification", "marketing", "otp", "order-confirmed", "parcel_shipped", "en", "zh-CN"]
        let words = [
            "transactonal", "OTP", "opt", "otpp", "x", "", "order_confirmed", "oredr-confirmed", "parcel-shiped", "marketings",
            "marktng", "notify", "fr", "zh-TW", "eN-GB",
        ]
        let list = known.map { "'\($0)'" }.joined(separator: ", ")
        let found = try await answers("martlet_data.did_you_mean(w.text, array[\(list)])", words)
        for (word, sql) in zip(words, found) {
            #expect(sql == (suggestion(for: word, among: known).map { "Did you mean \($0)? " } ?? ""), "\(word)")
        }
    }
}
