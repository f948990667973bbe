import ArgumentParser
import Domain
import Foundation
import Operations
import Store

struct DeadLettersEdit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change the variables of one dead letter in your editor, see the text, requeue it.",
        discussion: """
            Opens VISUAL, else EDITOR, else vi. What you save is rendered with the template in force before anything happens: when that fails
            you are told why. Then you see the text, are asked, and the message is requeued with these variables; the audit says that they
            were edited. Of a class that erases bodies the variables are empty to begin with.

            EXAMPLES
              martlet dead-letters edit 252144690003968 --why "the shop sent no order number"
              EDITOR=nano martlet dead-letters edit 252144690003968 --why "wrong link" --dry-run
            """)
    @Argument(help: "Id of the message.")
    var id: MessageID
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @Flag(name: .long, help: "A message in doubt, too: the recipient may get it twice.")
    var mayDuplicate = false
    @Flag(name: .long, help: "You have read the text that a word list held.")
    var approveWords = false
    @Flag(name: .long, help: "Show the text, change nothing.")
    var dryRun = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard !why.isEmpty else { throw ValidationError("--why must not be empty.") }
    }

    func run() async throws {
        let letter = try await shared.run(ShowDeadLetter(id: id))
        let before = PrettyJSON.text(letter.letter.isErased ? "{}" : letter.variables)
        let edited = try Editor.edit(before, name: "variables-\(id).json")
        guard edited.trimmingCharacters(in: .whitespacesAndNewlines) != before.trimmingCharacters(in: .whitespacesAndNewlines)
        else { throw OperationError(.cancelled, "The variables are as they were; nothing was changed.") }
        let variables = try VariablesArgument.checked(Array(edited.utf8), called: "The variables")
        let preview = try await shared.run(CheckVariables(id: id, variables: variables))
        if dryRun { return shared.show(preview) { preview.show() } }
        if !shared.json { preview.show() }
        try Confirmation.ask("Requeue message \(id) with this text?", yes: yes)
        let requeue = JobAction.Requeue(
            variables: variables, replacesVariables: true, mayDuplicate: mayDuplicate, approvesWords: approveWords)
        let wait = try await shared.withCluster(deadline: StartJob.deadline) { cluster, actor in
            let job = try await StartJob(.requeue(requeue), .ids([id]), why: why).run(on: cluster, as: actor)
            return await JobWait(job, "requeued", on: cluster, as: actor)
        }
        try wait.report("requeued", asJSON: shared.json)
    }
}

/// The editor of the person at the terminal.
enum Editor {
    /// - Throws: `OperationError` (70) when it cannot be run, (75) when it says that it was left in anger.
    static func edit(_ text: String, name: String) throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let command = [environment["VISUAL"], environment["EDITOR"]].compactMap { $0 }.first { !$0.isEmpty } ?? "vi"
        let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString)")
        // Only the owner may read what people get.
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer {
            do { try FileManager.default.removeItem(at: folder) } catch {
                Terminal.error.line("warning: \(folder.path) cannot be removed: \(error.localizedDescription)", .yellow)
            }
        }
        let file = folder.appending(path: name)
        try Data((text + "\n").utf8).write(to: file)
        let editor = Process()
        editor.executableURL = URL(filePath: "/bin/sh")
        editor.arguments = ["-c", "\(command) \"$1\"", "sh", file.path]
        do { try editor.run() } catch {
            throw OperationError(.internalFault, "\(command) cannot be run: \(error.localizedDescription)", hint: "Set EDITOR.")
        }
        editor.waitUntilExit()
        guard editor.terminationStatus == 0 else {
            throw OperationError(
                .cancelled, "\(command) ended with \(editor.terminationStatus); nothing was changed.",
                hint: "Set EDITOR to a program that is installed.")
        }
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }
}

/// A JSON text with a line for each member; numbers and texts stay as they are written.
enum PrettyJSON {
    static func text(_ json: String) -> String {
        var out = ""
        var depth = 0
        var (inText, isEscaped) = (false, false)
        var last: Character = " "
        func newLine() { out += "\n" + String(repeating: "  ", count: depth) }
        for character in json {
            if inText {
                out.append(character)
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    inText = false
                }
                last = character
                continue
            }
            if character.isWhitespace { continue }
            if last == "{" || last == "[", character != "}", character != "]" { newLine() }
            switch character {
            case "{", "[":
                out.append(character)
                depth += 1
            case "}", "]":
                depth -= 1
                if last != "{", last != "[" { newLine() }
                out.append(character)
            case ",":
                out.append(character)
                newLine()
            case ":": out += ": "
            default:
                out.append(character)
                inText = character == "\""
            }
            last = character
        }
        return out
    }
}
