import Text

/// `<name>` for every variable of a template; dotted names become objects.
enum SampleVariables {
    private final class Node {
        var members: [String: Node] = [:]
    }

    static func json(_ names: [String]) -> String {
        let root = Node()
        for name in names {
            var node = root
            for part in name.split(separator: ".").map(String.init) {
                let next = node.members[part] ?? Node()
                node.members[part] = next
                node = next
            }
        }
        return value(root, name: "").text
    }

    private static func value(_ node: Node, name: String) -> JSONValue {
        if node.members.isEmpty, !name.isEmpty { return .string("<\(name)>") }
        return .object(node.members.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: value($0.value, name: $0.key)) })
    }
}
