import Domain

/// Reads `ProviderPolicy.options` one by one; an option that was never read is an error at the end.
package struct ProviderOptions {
    package let provider: String
    private let all: [String: String]
    private var known: [String] = []

    package init(_ policy: ProviderPolicy) {
        provider = policy.name
        all = policy.options
    }

    package mutating func text(_ name: String) -> String? {
        known.append(name)
        return all[name]
    }

    package mutating func required(_ name: String, remedy: String) throws -> String {
        guard let value = text(name), !value.isEmpty else {
            throw ProviderError.missingOption(provider: provider, option: name, remedy: remedy)
        }
        return value
    }

    package mutating func flag(_ name: String) throws -> Bool {
        switch text(name) {
        case nil, "false": return false
        case "true": return true
        case .some(let value): throw bad(name, value, "use true or false")
        }
    }

    package mutating func number(_ name: String, default missing: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let value = text(name) else { return missing }
        guard let number = Int(value), range.contains(number) else {
            throw bad(name, value, "use a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package mutating func duration(_ name: String, default missing: Duration, in range: ClosedRange<Duration>) throws -> Duration
    {
        guard let value = text(name) else { return missing }
        guard let duration = Duration(option: value), range.contains(duration) else {
            throw bad(name, value, "use a duration such as 500ms, 30s or 5m, from \(range.lowerBound) to \(range.upperBound)")
        }
        return duration
    }

    /// Whether the transport has asked for this option.
    package func isKnown(_ name: String) -> Bool { known.contains(name) }

    package func missing(_ name: String, remedy: String) -> ProviderError {
        .missingOption(provider: provider, option: name, remedy: remedy)
    }

    package func bad(_ name: String, _ value: String, _ remedy: String) -> ProviderError {
        .badOption(provider: provider, option: name, value: value, remedy: remedy)
    }

    /// Refuses what is left over. The value is not repeated: someone may have put a secret there.
    package func finish() throws {
        guard let unknown = all.keys.sorted().first(where: { !known.contains($0) }) else { return }
        let remedy =
            unknown.contains("password") && known.contains("password_file")
            ? "secrets are read from files: use password_file" : "known are \(known.sorted().joined(separator: ", "))"
        throw ProviderError.unknownOption(provider: provider, option: unknown, remedy: remedy)
    }
}

extension Duration {
    /// `250us`, `50ms`, `1.5s`, `5m`, `1h`; nil for anything else.
    package init?(option: some StringProtocol) {
        let units: [(String, Double)] = [("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)]
        for (unit, seconds) in units where option.hasSuffix(unit) {
            let digits = option.dropLast(unit.count)
            guard let first = digits.first, first.isNumber, let count = Double(digits), count.isFinite, count < 1e9 else {
                continue
            }
            self = .nanoseconds(Int64((count * seconds * 1e9).rounded()))
            return
        }
        return nil
    }
}
