/// How the numbers of a country are written: what `martlet_data.numbering_plans` says, in Swift. Both are made by `Deploy/numbering-plans`, and a test
/// holds them equal.
public struct NumberingPlan: Sendable, Equatable {
    /// Calling code, digits alone.
    public var code: String
    /// Dialled in front of a number at home; empty: nothing.
    public var trunk: String
    /// A number may begin with a 0 that is no trunk prefix.
    public var hasZero: Bool
    /// Of all numbers, without calling code.
    public var lengths: Set<Int>
    public struct Mask: Sendable, Equatable {
        public var prefix: String
        public var length: Int
    }
    /// Mobile numbers: first digits and length.
    var mobile: [Mask]
    /// Fixed, VoIP and personal numbers.
    var other: [Mask]

    /// The columns of `martlet_data.numbering_plans`, with `|` between them.
    public var row: String {
        func text(_ masks: [Mask]) -> String {
            masks.map { $0.prefix + String(repeating: "_", count: $0.length - $0.prefix.utf8.count) }.joined(separator: " ")
        }
        return [
            code, trunk, hasZero ? "0" : "", lengths.sorted().map(String.init).joined(separator: ","), text(mobile), text(other),
        ].joined(separator: "|")
    }

    public static let all: [NumberingPlan] = table.split(separator: "\n").map(NumberingPlan.init)

    private static let byCode = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })

    private init(_ line: Substring) {
        let fields = line.split(separator: "|", omittingEmptySubsequences: false)
        code = String(fields[0])
        trunk = String(fields[1])
        hasZero = fields[2] == "0"
        lengths = Set(fields[3].split(separator: ",").compactMap { Int($0) })
        func masks(_ field: Substring) -> [Mask] {
            field.split(separator: " ").map { Mask(prefix: String($0.prefix { $0 != "_" }), length: $0.utf8.count) }
        }
        mobile = masks(fields[4])
        other = masks(fields[5])
    }

    /// Of digits that begin with a calling code; no code begins with another.
    public static func of(_ digits: some StringProtocol) -> NumberingPlan? {
        (1...3).lazy.compactMap { byCode[String(digits.prefix($0))] }.first
    }

    public func isMobile(_ number: some StringProtocol) -> Bool {
        Self.fits(number, mobile)
    }

    /// A mobile, fixed, VoIP or personal number.
    public func isNumber(_ number: some StringProtocol) -> Bool { isMobile(number) || Self.fits(number, other) }

    private static func fits(_ number: some StringProtocol, _ masks: [Mask]) -> Bool {
        let length = number.utf8.count
        return masks.contains { $0.length == length && number.hasPrefix($0.prefix) }
    }
}
