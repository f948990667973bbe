import Domain
import Foundation
import Testing

@Suite struct StateDiagramTests {
    @Test("the state diagram of Migrations/README.md is the transition table of the code")
    func diagram() throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Migrations/README.md")
            .standardized
        var drawn: [String: Set<String>] = [:]
        for line in try String(contentsOf: readme, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[1] == "-->", words[0] != "[*]" else { continue }
            drawn[String(words[0]), default: []].insert(String(words[2]))
        }
        for state in MessageState.allCases {
            #expect(drawn[state.rawValue, default: []] == Set(state.next.map(\.rawValue)), "\(state)")
        }
        #expect(Set(drawn.keys) == Set(MessageState.allCases.filter { !$0.next.isEmpty }.map(\.rawValue)))
    }
}
