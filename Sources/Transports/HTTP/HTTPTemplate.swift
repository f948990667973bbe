import Domain
import Text

/// A text with placeholders `{name}`. Braces around anything but lower-case letters and `_` are text: JSON is full of them.
struct HTTPTemplate: Sendable {
    /// How values are written so that they cannot end the place they stand in.
    enum Escape: Sendable { case none, json, url, xml }
    private enum Piece: Sendable {
        case text(String)
        case field(HTTPField)
    }
    private var pieces: [Piece] = []
    private let escape: Escape

    /// - Throws: `UnknownField`.
    init(_ text: String, _ escape: Escape) throws(UnknownField) {
        self.escape = escape
        var rest = text[...]
        var plain = ""
        while let open = rest.firstIndex(of: "{") {
            let after = rest.index(after: open)
            let name = rest[after...].prefix { $0 == "_" || ("a"..."z").contains($0) }
            guard !name.isEmpty, name.endIndex < rest.endIndex, rest[name.endIndex] == "}" else {
                plain += rest[...open]
                rest = rest[after...]
                continue
            }
            guard let field = HTTPField(rawValue: String(name)) else { throw UnknownField(name: String(name)) }
            plain += rest[..<open]
            if !plain.isEmpty { pieces.append(.text(plain)) }
            plain = ""
            pieces.append(.field(field))
            rest = rest[rest.index(after: name.endIndex)...]
        }
        plain += rest
        if !plain.isEmpty { pieces.append(.text(plain)) }
    }

    var fields: Set<HTTPField> {
        Set(
            pieces.compactMap {
                if case .field(let field) = $0 { field } else { nil }
            })
    }

    func render(_ fields: HTTPFields) -> String {
        var output = ""
        for piece in pieces {
            switch piece {
            case .text(let text): output += text
            case .field(let field):
                let value = fields.value(of: field)
                output += field.isJSON ? value : escape(value)
            }
        }
        return output
    }

    private func escape(_ value: String) -> String {
        switch escape {
        case .none: value
        case .json: JSONString.escaped(value)
        case .url: Self.url(value)
        case .xml: Self.xml(value)
        }
    }

    /// RFC 3986: everything but unreserved characters and `:`, which tokens in paths contain (a path may hold it as it is).
    static func url(_ text: String) -> String { percent(text, keeping: ":") }

    /// One name or value of a form (WHATWG URL, application/x-www-form-urlencoded).
    static func form(_ text: String) -> String { percent(text, keeping: "", blank: "+") }

    private static func percent(_ text: String, keeping: String, blank: Character? = nil) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                output.append(byte)
            case UInt8(ascii: "~") where blank == nil: output.append(byte)
            case 0x20 where blank != nil: output.append(UInt8(ascii: "+"))
            case _ where keeping.utf8.contains(byte): output.append(byte)
            default: output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Characters that XML 1.0 does not know at all become U+FFFD.
    static func xml(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            case "\n", "\r", "\t": output += "&#\(scalar.value);"
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": output += "\u{FFFD}"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    struct UnknownField: Error { var name: String }
}
