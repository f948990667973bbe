import Foundation
import Testing

@Suite("The rules of style that a test can hold")
struct StyleTests {
    @Test("the top level holds what the layout names, and nothing else")
    func topLevel() throws {
        let allowed: Set<String> = [
            "Package.swift", "Sources", "Tests", "Deploy", "Migrations", "Config", "findings", "README.md",
            ".ci", ".github", ".gitignore", ".swift-format",
            // Not committed:
            "Package.resolved", ".git", ".build", ".venv", ".martlet", ".swiftpm",
        ]
        let found = try FileManager.default.contentsOfDirectory(atPath: Repository.root.path)
        let others = found.filter { !allowed.contains($0) && !$0.hasPrefix(".build") }
        #expect(others == [])
    }

    @Test(
        "a program is one Main.swift of at most 80 lines",
        arguments: ["martlet", "martlet-producer", "martlet-worker", "martlet-gateway"])
    func thinPrograms(name: String) throws {
        let files = try Repository.files(below: "Sources/\(name)", ending: ".swift")
        #expect(files.map(\.path) == ["Sources/\(name)/Main.swift"])
        for file in files { #expect(file.lines.count - 1 <= 80, "\(file.path) has \(file.lines.count - 1) lines") }
    }

    @Test("no file is longer than 400 lines, no function longer than 70", arguments: ["Sources", "Tests"])
    func lengths(folder: String) throws {
        for file in try Repository.files(below: folder, ending: ".swift") {
            #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
            for (name, length) in Style.functions(of: file.lines) where length > 70 {
                Issue.record("\(file.path): \(name) has \(length) lines")
            }
        }
    }

    @Test("in Sources nothing is swallowed without its reason, nothing is left to do, and nothing gives up the process")
    func swallowing() throws {
        for file in try Repository.files(below: "Sources", ending: ".swift") {
            for problem in Style.problems(of: file.lines) { Issue.record("\(file.path):\(problem)") }
        }
    }

    /// Functions of C that keep the pointer they get, and the only files that may call them: there it outlives what keeps it, and the file says how.
    static let keepers: [(function: String, files: Set<String>)] = [
        ("BIO_new_mem_buf", ["Sources/Transports/DKIM/DKIMKey.swift"]),
        ("PQsetNoticeReceiver", ["Sources/Postgres/Notices.swift"]),
        ("PQsetNoticeProcessor", []), ("PQregisterEventProc", []), ("PQresultInstanceData", []), ("PQtrace", []),
        ("next_in", ["Sources/Producer/Reading/Inflater.swift"]), ("next_out", ["Sources/Producer/Reading/Inflater.swift"]),
        ("inflateGetHeader", []), ("setvbuf", []), ("putenv", []), ("EVP_PKEY_set1_", []), ("BIO_set_data", []),
        ("ERR_set_error_data", []),
    ]

    @Test(
        "a function of C that keeps the pointer it gets is called only where the memory outlives that",
        arguments: keepers.map(\.function))
    func keepsPointer(function: String) throws {
        let allowed = Self.keepers.first { $0.function == function }?.files ?? []
        let found = try Repository.files(below: "Sources", ending: ".swift").filter { $0.text.contains(function) }
        #expect(Set(found.map(\.path)).subtracting(allowed) == [])
        // An array that is passed by itself is gone, or elsewhere, when the call returns.
        for file in found where function == "BIO_new_mem_buf" {
            #expect(file.text.contains("withUnsafeBytes") && !file.text.contains("BIO_new_mem_buf(pem"), "\(file.path)")
        }
    }

    @Test(
        "each of these is a problem",
        arguments: [
            "let a = try? b()", "do { try b() } catch {}", "} catch { }", "fatalError()", "// TODO: later", "// FIXME",
        ])
    func problem(line: String) {
        #expect(Style.problems(of: ["let x = 1", Substring(line)]) != [])
    }

    @Test(
        "with its reason beside it it is none",
        arguments: [
            ["let a = try? b()  // the file may be gone"], ["// the file may be gone", "let a = try? b()"],
            ["do { try b() } catch {}  // closing twice is fine"], ["let a: Entry?", "fatalErrors(x)"],
        ])
    func noProblem(lines: [String]) {
        #expect(Style.problems(of: lines.map { Substring($0) }) == [])
    }

    @Test("every statement has a name of its own and a file of that name, because statistics and errors name it")
    func statementNames() throws {
        var seen: [String: String] = [:]
        for file in try Repository.files(below: "Sources", ending: ".swift") {
            for match in file.text.matches(of: #/struct (\w+)[^{\n]*:[^{\n]*\bStatement\b/#) {
                let name = String(match.1)
                if let other = seen[name] { Issue.record("\(name) is in \(other) and in \(file.path)") }
                seen[name] = file.path
                #expect(file.path.hasPrefix("Sources/Store/"), "\(file.path): \(name): all SQL is in Store")
                let isAlone = file.path.hasSuffix("/\(name).swift")
                #expect(isAlone, "\(file.path): \(name) belongs into a file \(name).swift")
            }
        }
        #expect(seen.count > 200)
    }

    @Test("a command runs no SQL: it parses, calls a use case and shows")
    func commands() throws {
        let statements = try Repository.files(below: "Sources/Store", ending: ".swift").flatMap { file in
            file.text.matches(of: #/struct (\w+)[^{\n]*:[^{\n]*\bStatement\b/#).map { String($0.1) }
        }
        let forbidden = Set(statements).union(["Database", "Migrator"])
        for file in try Repository.files(below: "Sources/AdminCommands", ending: ".swift") {
            for match in file.text.matches(of: #/\b([A-Z]\w+)\(/#) where forbidden.contains(String(match.1)) {
                Issue.record("\(file.path): \(match.1) belongs into a use case of Operations")
            }
        }
    }

    @Test("every migration says why, which locks, and whether it is compatible")
    func migrationHeaders() throws {
        let files = try Repository.files(below: "Migrations", ending: ".sql").filter {
            !$0.path.hasSuffix("/schema.sql") && !$0.path.contains("/objects/")
        }
        #expect(files.count > 4)
        for (index, file) in files.enumerated() {
            let header = file.lines.prefix { $0.hasPrefix("--") }.joined(separator: "\n")
            for word in ["Why: ", "Locks: ", "Compatible: "] { #expect(header.contains(word), "\(file.path): no \(word)") }
            let name = file.path.dropFirst("Migrations/".count)
            #expect(name.wholeMatch(of: #/\d{4}(_[a-z0-9]+){2,}\.sql/#) != nil, "\(name) is not 0001_verb_noun.sql")
            #expect(Int(name.prefix(4)) == index + 1, "\(name): numbers have no gaps")
        }
    }

    @Test("an object's file makes what its name says, anew at each change, and numbered files after 0014 make no other")
    func objectFiles() throws {
        let all = try Repository.files(below: "Migrations", ending: ".sql")
        let objects = all.filter { $0.path.contains("/objects/") }
        #expect(objects.count > 90)
        for file in objects {
            let name = file.path.dropFirst("Migrations/objects/".count).dropLast(".sql".count).replacing("/", with: ".")
            let made = file.lines.compactMap {
                $0.firstMatch(of: #/^create (or replace )?(function|view) ([a-z_]+\.[a-z0-9_]+)/#)
            }
            #expect(!made.isEmpty, "\(file.path) makes no function and no view")
            for one in made {
                #expect(one.3 == name, "\(file.path) makes \(one.3)")
                #expect(
                    one.1 != nil || file.lines.contains { $0.hasPrefix("drop \(one.2) if exists") },
                    "\(file.path): create or replace, or drop first")
            }
        }
        for file in all where !file.path.contains("/objects/") && !file.path.hasSuffix("/schema.sql") {
            guard let number = Int(file.path.dropFirst("Migrations/".count).prefix(4)), number > 14 else { continue }
            // But what a generated column or an index computes by must be there before: it is the object's first text.
            for line in file.lines {
                guard let one = line.firstMatch(of: #/^create (or replace )?(function|view|procedure) ([a-z_.]+)/#) else {
                    continue
                }
                let path = "Migrations/objects/\(one.3.replacing(".", with: "/")).sql"
                #expect(objects.contains { $0.path == path }, "\(file.path): \(one.3) belongs into Migrations/objects")
            }
        }
    }
}

enum Style {
    /// Lines with a problem, as `line: problem`.
    static func problems(of lines: [Substring]) -> [String] {
        var problems: [String] = []
        for (index, line) in lines.enumerated() {
            guard let word = ["try?", "catch", "TODO", "FIXME", "XXX", "fatalError"].first(where: { line.range(of: $0) != nil })
            else { continue }
            let code = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
            let isExplained = line.range(of: "//") != nil || (index > 0 && isComment(lines[index - 1]))
            func note(_ text: String) { problems.append("\(index + 1): \(text)") }
            if word == "try?", code.contains(#/\btry\?/#), !isExplained { note("try? without its reason beside it") }
            if code.contains(#/catch[^{]*\{\s*\}/#), !isExplained { note("an empty catch without its reason beside it") }
            if line.contains(#/\b(TODO|FIXME|XXX)\b/#) { note("something left to do") }
            if code.contains(#/\bfatalError\b/#) { note("fatalError: throw, or say what must hold with a precondition") }
        }
        return problems
    }

    private static func isComment(_ line: Substring) -> Bool { line.drop(while: \.isWhitespace).hasPrefix("//") }

    /// Functions and initialisers with their lengths. The formatter guarantees that one ends at a brace with its own indentation.
    static func functions(of lines: [Substring]) -> [(name: String, length: Int)] {
        var found: [(String, Int)] = []
        for (index, line) in lines.enumerated() where line.range(of: "func ") != nil || line.range(of: "init") != nil {
            let indentation = line.prefix { $0 == " " }
            guard let match = line.firstMatch(of: #/^ *(?:(?:@\w+(?:\([^)]*\))?|\w+(?:\([^)]*\))?) )*(func [^(<]+|init)[?(<]/#),
                let end = lines[index...].firstIndex(where: { $0 == indentation + "}" }), end > index
            else { continue }
            let oneLine = line.hasSuffix("}")
            found.append((String(match.1), oneLine ? 1 : end - index + 1))
        }
        return found
    }
}
