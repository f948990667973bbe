import Foundation
import Testing

@Suite("What is public is used")
struct DeadCodeTests {
    /// Required by protocols of other libraries, which call them.
    static let required: Set<String> = [
        "makeCounter", "makeFloatingPointCounter", "makeMeter", "makeRecorder", "makeTimer", "destroyCounter",
        "destroyFloatingPointCounter", "destroyMeter", "destroyRecorder", "destroyTimer", "metadataProvider", "checkIsolated",
        "isIsolatingCurrentContext",
    ]

    @Test("every public function and property of Sources is named in another file of Sources, every public type somewhere")
    func publicIsUsed() throws {
        let files = try Repository.files(below: "Sources", ending: ".swift").map { SourceWords($0.path, lines: $0.lines) }
        #expect(files.count > 300)
        for problem in SourceWords.unused(in: files, required: Self.required) { Issue.record("\(problem)") }
    }

    @Test("it finds what no other file names, and is not misled by comments, nor by what stands in the file itself")
    func finds() {
        let one = SourceWords(
            "One.swift",
            lines: [
                "public struct Used {", "  public static func alone() {}", "  public var mentioned: Int { alone() }",
                "  @discardableResult public nonisolated(nonsending) func called() {}", "}", "public enum Never {}",
            ])
        let two = SourceWords("Two.swift", lines: ["// alone, mentioned and Never", "let x = Used().called()"])
        #expect(
            SourceWords.unused(in: [one, two], required: []) == [
                "One.swift:2: nothing outside of this file calls `alone`: make it internal, or remove it",
                "One.swift:3: nothing outside of this file calls `mentioned`: make it internal, or remove it",
                "One.swift:6: nothing names `Never`: remove it",
            ])
        #expect(SourceWords.unused(in: [one, two], required: ["alone", "mentioned", "Never"]) == [])
    }
}

/// The words of one file of Swift, without its comments, and what it declares public. By name only: what shares its name with something else is
/// taken for used.
struct SourceWords {
    struct Declaration {
        var line: Int
        var name: String
        var isType: Bool
    }
    let path: String
    private(set) var counts: [String: Int] = [:]
    private(set) var declared: [Declaration] = []

    init(_ path: String, lines: [Substring]) {
        self.path = path
        for (index, line) in lines.enumerated() {
            let words = Self.words(line)
            for word in words { counts[word, default: 0] += 1 }
            if let found = Self.declaration(words) {
                declared.append(.init(line: index + 1, name: found.name, isType: found.isType))
            }
        }
    }

    init(_ path: String, lines: [String]) { self.init(path, lines: lines.map { $0[...] }) }

    static func unused(in files: [Self], required: Set<String>) -> [String] {
        var everywhere: [String: (files: Int, count: Int)] = [:]
        for file in files {
            for (word, count) in file.counts {
                let before = everywhere[word] ?? (0, 0)
                everywhere[word] = (before.files + 1, before.count + count)
            }
        }
        return files.flatMap { file in
            file.declared.compactMap { declaration in
                let (name, place) = (declaration.name, "\(file.path):\(declaration.line)")
                guard !required.contains(name), let found = everywhere[name] else { return nil }
                if declaration.isType { return found.count > 1 ? nil : "\(place): nothing names `\(name)`: remove it" }
                return found.files > 1
                    ? nil : "\(place): nothing outside of this file calls `\(name)`: make it internal, or remove it"
            }
        }
    }

    /// Identifiers up to a comment. Those in strings count: a name may be interpolated.
    private static func words(_ line: Substring) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var last: UInt8 = 0
        for byte in line.utf8 {
            if byte == UInt8(ascii: "/"), last == byte { break }
            last = byte
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                word.append(byte)
            default:
                if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
                word.removeAll(keepingCapacity: true)
            }
        }
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }

    private static let types: Set<String> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
    private static let members: Set<String> = ["func", "var", "let"]
    private static let modifiers: Set<String> = [
        "static", "final", "mutating", "nonisolated", "nonsending", "unsafe", "indirect", "private", "set", "internal", "lazy",
        "weak",
        "override", "consuming", "borrowing",
    ]

    private static func declaration(_ words: [String]) -> (name: String, isType: Bool)? {
        guard let start = words.firstIndex(of: "public") else { return nil }
        for (index, word) in words.enumerated().dropFirst(start + 1) {
            if types.contains(word) || members.contains(word) {
                guard index + 1 < words.count else { return nil }  // an operator
                return (words[index + 1], types.contains(word))
            }
            guard modifiers.contains(word) else { return nil }
        }
        return nil
    }
}
