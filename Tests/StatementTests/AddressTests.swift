import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@Suite("Addresses are read alike in SQL and in Swift", .migratedDatabase, .timeLimit(.minutes(5)))
struct AddressTests {
    /// Spellings of every country's example numbers (`Deploy/numbering-plans --spellings`), and what else is written.
    private static func written() throws -> [(country: String, text: String)] {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "ContractTests/phone_spellings.csv")
        let examples = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let parts = line.split(separator: "\"")
            return (country: String(parts[0].dropLast()), text: String(parts[1]))
        }
        return examples
            + [
                ("+86", "\u{202A}+8613800138601\u{202C}"), ("+86", "＋８６１３８００１３８６０２"),
                ("+86", "+86\u{202F}138\u{202F}0013\u{202F}8603"),
                ("+86", "=\"+8613800138604\""), ("+86", "'+8613800138604"), ("+86", "8.61380013812E+12"),
                ("+86", "13800138000.0"), ("+86", ""),
                ("+86", "\u{200B}"), ("+86", "13800138000/13900139000"), ("+86", "+86138+86139"), ("+86", "110"),
                ("+86", "447700900123"),
                ("+1868", "4551234"), ("+999", "123456789"), ("+61", "0011 44 7700 900123"), ("+86", "00999123456789"),
                ("+86", "+999123456789"), ("+49", "+490000000001"),
                ("+39", "+39 (0)2 1234 5678"), ("+7", "+7 8 912 345-67-89"), ("+7", "+789123456789"),
                ("+7", "+7 (0)912 345 67 89"),
                ("+86", "tel:+86-138-0013-8000"), ("+20", "٠١٠٠١٢٣٤٥٦٧"), ("+86", "13800138000\n13900139000"),
                ("+1", "1-800-FLOWERS"), ("+86", "+"),
                // 0011 is how Australia dials abroad, and no number of the USA begins with 1.
                ("+61", "0011 376 312 345"), ("+61", "0011 297 560 1234"), ("+44", "0010441234567"), ("+44", "001 201 555 0123"),
                ("+44", "(+44) 07911 123456"), ("+44", "( +44 ) 7911 123456"), ("+44", "(+44) +447911123456"),
                ("+44", "07911 123456 (+44)"),
                ("+690", "7290.0"), ("+64", "021 123 4567.0"), ("+33", "01.23.45.67.00"), ("+33", "123456700.00"),
                ("+43", "0664 123456.0"), ("+55", "55800123456"), ("+55", "558001234567"), ("+55", "11961234567"),
            ]
    }

    @Test("a number has the same reading, or the same fault")
    func phones() async throws {
        let written = try Self.written()
        #expect(written.count > 3000)
        let connection = try await ScratchDatabase.required().connect()
        var parameters = PQParams()
        parameters.textArray(written.map(\.text))
        parameters.textArray(written.map(\.country))
        let rows = try await connection.query(
            PQCall(
                "phones",
                """
                select case when martlet_data.is_e164(w.text) then w.text else r.number end, r.fault
                from unnest($1::text[], $2::text[]) with ordinality w(text, country, n)
                    cross join lateral martlet_data.read_phone(w.text, w.country) r order by w.n
                """, prepared: false, params: parameters))
        for ((country, text), row) in zip(written, rows) {
            let number = try row.textOrNull(0)
            let expected = try number.map(PhoneNumber.number) ?? .fault(row.text(1))
            #expect(PhoneNumber.read(text, country: country) == expected, "\(text) in \(country)")
        }
    }

    @Test("a freephone number of Brazil without its + is no mobile number of area code 55")
    func freephone() {
        for text in ["55800123456", "55 800 123456", "(55) 80012-3456", "55300123456"] {
            guard case .fault = PhoneNumber.read(text, country: "+55") else {
                Issue.record("\(text) became \(PhoneNumber.read(text, country: "+55"))")
                continue
            }
        }
        #expect(PhoneNumber.read("+55800123456", country: "+55") == .number("+55800123456"))
        #expect(PhoneNumber.read("558001234567", country: "+55") == .number("+558001234567"))
        for text in ["55996123456", "55 55 99612-3456", "055996123456", "5555996123456"] {
            #expect(PhoneNumber.read(text, country: "+55") == .number("+5555996123456"), "\(text)")
        }
        #expect(PhoneNumber.read("11 96123-4567", country: "+55") == .number("+5511961234567"))
        #expect(PhoneNumber.read("11 6123-4567", country: "+55") == .number("+551161234567"), "as it was before the ninth digit")
    }

    @Test("behind 00 nothing becomes a number that the numbering plan of North America does not have")
    func northAmerica() {
        for text in ["0011 376 312 345", "0011 297 560 1234", "0010441234567", "00 1 1234567890", "0011 32 12 34 56 78"] {
            guard case .fault = PhoneNumber.read(text, country: "+61") else {
                Issue.record("\(text) became \(PhoneNumber.read(text, country: "+61"))")
                continue
            }
        }
        #expect(PhoneNumber.read("001 201 555 0123", country: "+61") == .number("+12015550123"))
        #expect(PhoneNumber.read("(+44) 07911 123456", country: "+61") == .number("+447911123456"))
        #expect(Mailbox.read("ann@İstanbul.example").address == "ann@i\u{307}stanbul.example")
    }

    @Test("a phone on a channel of its own is stored without what stands between its digits, and has one key")
    func phonesOfChannels() async throws {
        let written = [
            "+86 138 0013 8201", "+86-138-0013-8201", "(+86) 13800138201", "whatsapp:+86 138 0013 8201",
            "WhatsApp: +8613800138201",
            "+8613800138201", "8613800138201", "+86 138x", "customer 4711", "@a +1 2", "0086 13800138201", "+0 123 456", "+1",
        ]
        let connection = try await ScratchDatabase.required().connect()
        var parameters = PQParams()
        parameters.textArray(written)
        let rows = try await connection.query(
            PQCall(
                "opaque",
                """
                select a, martlet_data.address_key(a)
                from unnest($1::text[]) with ordinality w(text, n), martlet_data.normalise_address('opaque', w.text, null) a order by w.n
                """, prepared: false, params: parameters))
        for (text, row) in zip(written, rows) {
            #expect(try row.text(0) == AddressKey.plain(text), "\(text)")
            #expect(try row.text(1) == AddressKey.of(AddressKey.plain(text)), "\(text)")
        }
        #expect(try rows.prefix(7).allSatisfy { try $0.text(1) == "+8613800138201" })
        #expect(try rows.suffix(6).map { try $0.text(0) } == Array(written.suffix(6)))
    }

    @Test("the numbering plans are the same")
    func plans() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let rows = try await connection.query(
            PQCall(
                "plans",
                """
                select concat_ws('|', code, trunk, case when has_zero then '0' else '' end, array_to_string(lengths, ','), mobile, other)
                from martlet_data.numbering_plans order by code::int
                """, prepared: false))
        #expect(try rows.map { try $0.text(0) } == NumberingPlan.all.map(\.row))
    }

    @Test("a mailbox is taken as it is written to, or has the same fault; two spellings have one key")
    func mailboxes() async throws {
        let written = [
            "ann@example.com", "Ann.Lee@Example.COM", "ann\u{200B}@example.com", "\u{FEFF}ann@example.com",
            "ann\u{A0}@example.com",
            "ann@example.com\u{202C}", "ann..b@example.com", ".ann@example.com", "ann.@example.com", "ann@-b.org", "ann@b-.org",
            "ann@b.org.",
            "ann@1.2.3.4", "ann@localhost", "a b@c.org", "ann@@b.org", "ann@b!.org", "用户@例子.广告", "ann@xn--fiq.example",
            "ann@中.example",
            "ANN@XN--FIQ.example", "Ünal@Ümlaut.example", "o'neil@ex_ample.org", "=\"ann@b.org\"", "", "\u{FEFF}",
            "ann@xn--a-.org",
            "ann@İstanbul.example", "İnn@b.example", "ann@STRAẞE.example", "ann@ΒΌΛΟΣ.example", "ann\u{2800}@b.org",
            "ann@b\u{2800}.org",
            "Ann <ann@b.org>", "mailto:ann@b.org", "ann@" + String(repeating: "b", count: 64) + ".org",
            String(repeating: "a", count: 65) + "@b.org",
        ]
        let keyed = [
            "+5215512345678", "+525512345678", "+5491123456789", "+553188887777", "+5531988887777", "+551133334444",
            "+22997123456",
            "+8613800138000", "8613800138000", "whatsapp:+8613800138000", "customer 4711", "https://b.example/x", "@user:b.org",
            "0123456789",
        ]
        let connection = try await ScratchDatabase.required().connect()
        var parameters = PQParams()
        parameters.textArray(written + keyed)
        let rows = try await connection.query(
            PQCall(
                "mailboxes",
                """
                select martlet_data.normalise_address('email', w.text, null), martlet_data.mailbox_fault(martlet_data.plain_address('email', w.text)),
                    martlet_data.address_key(w.text)
                from unnest($1::text[]) with ordinality w(text, n) order by w.n
                """, prepared: false, params: parameters))
        for (text, row) in zip(written + keyed, rows) {
            let read = Mailbox.read(text)
            #expect(try read.address == row.textOrNull(0), "\(text)")
            #expect(try read.fault == row.textOrNull(1), "\(text)")
            if read.address != nil || keyed.contains(text) { #expect(try AddressKey.of(text) == row.text(2), "\(text)") }
        }
    }
}
