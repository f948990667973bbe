import Yams

/// A node with the path that leads to it. Reading a value of the wrong kind reports a problem and answers nil, so that one pass finds
/// every mistake of a file.
struct YAMLValue {
    let node: Node
    let path: String
    let file: YAMLFile

    func report(_ problem: String, _ hint: String = "") {
        file.report(problem, hint, at: node.mark.map { Place($0) }, path: path)
    }

    private func child(_ node: Node, _ name: String) -> YAMLValue {
        YAMLValue(node: node, path: path.isEmpty ? name : "\(path).\(name)", file: file)
    }

    /// True for a key with nothing behind it, or `null`.
    var isNull: Bool {
        guard case .scalar(let scalar) = node else { return false }
        return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
    }

    var isMapping: Bool {
        if case .mapping = node { true } else { false }
    }
    var isList: Bool {
        if case .sequence = node { true } else { false }
    }

    /// The entries of a mapping in order; the keys are texts of at most 200 characters.
    func entries() -> [(key: String, place: Place?, value: YAMLValue)] {
        guard case .mapping(let mapping) = node else {
            if !isNull { report("is \(kind), not a mapping", "write `key: value` lines, indented") }
            return []
        }
        return mapping.compactMap { key, value in
            guard case .scalar(let scalar) = key, (0...200).contains(scalar.string.count) else {
                file.report("a key is not a short text", "write `key: value`", at: key.mark.map { Place($0) }, path: path)
                return nil
            }
            return (scalar.string, key.mark.map { Place($0) }, child(value, scalar.string))
        }
    }

    /// The items of a list in order; a single text is refused, not taken for a list of one.
    func items() -> [YAMLValue] {
        guard case .sequence(let sequence) = node else {
            if !isNull { report("is \(kind), not a list", "write [a, b] or one `- item` per line") }
            return []
        }
        return sequence.enumerated().map { index, item in
            YAMLValue(node: item, path: "\(path)[\(index)]", file: file)
        }
    }

    /// One entry of a policy file.
    func object(in policyFile: String) -> YAMLObject? {
        object(keys: PolicyFiles.keys[policyFile] ?? [])
    }

    /// A mapping with these keys and no others.
    func object(keys: [String]) -> YAMLObject? {
        guard case .mapping = node else {
            report("is \(kind), not a mapping", "write `key: value` lines; known: \(keys.joined(separator: ", "))")
            return nil
        }
        var members: [String: YAMLValue] = [:]
        for (key, place, value) in entries() {
            if keys.contains(key) {
                if !value.isNull { members[key] = value }
            } else {
                file.report("unknown key", knownWords(key, among: keys), at: place, path: value.path)
            }
        }
        return YAMLObject(value: self, members: members)
    }

    var kind: String {
        switch node {
        case .scalar(let scalar): isNull ? "empty" : "the text \(quoted(scalar.string))"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    func quoted(_ text: String) -> String { "`\(text.count > 40 ? text.prefix(40) + "…" : text)`" }
}

/// A mapping whose keys are known.
struct YAMLObject {
    let value: YAMLValue
    let members: [String: YAMLValue]

    /// nil when the key is absent or has no value.
    subscript(key: String) -> YAMLValue? { members[key] }

    /// The value of a key that must be there.
    func required(_ key: String, _ hint: String) -> YAMLValue? {
        if let found = members[key] { return found }
        value.report("\(key) is missing", hint)
        return nil
    }
}
