/// Where a value stands in a JSON text: `messages[0].id`, `$.error.code`.
package struct JSONPath: Sendable, Equatable {
    private enum Step: Sendable, Equatable {
        case member(String)
        case item(Int)
    }
    private var steps: [Step] = []

    /// nil: not such a path, or longer than 16 steps.
    package init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("$") { rest = rest.dropFirst().drop { $0 == "." } }
        while !rest.isEmpty {
            if rest.hasPrefix("[") {
                guard let end = rest.firstIndex(of: "]"), let index = Int(rest[rest.index(after: rest.startIndex)..<end]),
                    (0...999).contains(index)
                else { return nil }
                steps.append(.item(index))
                rest = rest[rest.index(after: end)...]
                if rest.isEmpty { break }
                if rest.hasPrefix(".") { rest = rest.dropFirst() } else if !rest.hasPrefix("[") { return nil }
                continue
            }
            let name = rest.prefix { $0 != "." && $0 != "[" }
            guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || $0 == "]" }) else { return nil }
            steps.append(.member(String(name)))
            rest = rest[name.endIndex...]
            if rest.hasPrefix(".") {
                rest = rest.dropFirst()
                if rest.isEmpty { return nil }
            }
        }
        guard (1...16).contains(steps.count) else { return nil }
    }

    /// The scalar at this place; nil: there is none.
    package func text(in json: JSONValue) -> String? {
        var value = json
        for step in steps {
            switch (step, value) {
            case (.member(let name), .object(let members)):
                guard let member = members.first(where: { $0.name == name }) else { return nil }
                value = member.value
            case (.item(let index), .array(let items)):
                guard index < items.count else { return nil }
                value = items[index]
            default: return nil
            }
        }
        return value.scalar
    }
}
