import ArgumentParser
import Foundation
import Operations
import Text

struct ConfigInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a policy, templates and settings files to begin with.",
        discussion: """
            Copies the shipped examples into DIR: policy/ and templates/ for `config validate` and `apply`, and a settings file for
            each program. What is there already stays as it is. The examples are those of a made-up shop with sandboxes for
            providers: change them before you send.

            EXAMPLES
              martlet config init /etc/martlet
              martlet config init Config --from /usr/share/martlet/config
            """)
    @Argument(help: "Directory that is to hold them.", completion: .directory) var directory = String.defaultConfigDirectory
    @Option(
        name: .long, help: ArgumentHelp("Directory of the examples (default: that of the installation).", valueName: "dir"),
        completion: .directory)
    var from: String?
    @Flag(name: .long, help: "Machine-readable output.") var json = false

    /// What is copied; anything else in the folder of examples is for people to read.
    private static let parts = ["policy", "templates", "worker.yaml", "gateway.yaml", "producer.yaml", "martlet.yaml"]

    func run() throws {
        let source = try examples()
        var (written, kept): ([String], [String]) = ([], [])
        for part in Self.parts {
            for file in try Self.files(of: source.appending(path: part)) {
                let name = file.isEmpty ? part : "\(part)/\(file)"
                let target = URL(filePath: directory).appending(path: name)
                if FileManager.default.fileExists(atPath: target.path) {
                    kept.append(name)
                    continue
                }
                do {
                    try FileManager.default.createDirectory(
                        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try FileManager.default.copyItem(at: source.appending(path: name), to: target)
                } catch {
                    throw OperationError(
                        .invalidConfiguration, "\(target.path) cannot be written: \(error.localizedDescription)",
                        hint: "Choose a directory that you may write to.")
                }
                written.append(name)
            }
        }
        show(written, kept)
    }

    private func show(_ written: [String], _ kept: [String]) {
        if json {
            return Terminal.out.json([
                "directory": .string(directory), "written": .list(written) { .string($0) }, "kept": .list(kept) { .string($0) },
            ])
        }
        if !kept.isEmpty { Terminal.out.line("\(kept.count) files were there already and stay as they are") }
        Terminal.out.line("\(written.count) files written to \(directory)", .green)
        Terminal.out.line("next:  martlet config validate --config \(directory)")
        Terminal.out.line("then:  martlet config apply --config \(directory) --note \"the first policy\"")
    }

    /// Beside the installed program (bin/../share), else the folder of a checkout.
    private func examples() throws -> URL {
        let program = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let installed = (Self.programPath ?? program).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "share/martlet/config")
        let places = from.map { [URL(filePath: $0)] } ?? [installed, URL(filePath: String.defaultConfigDirectory)]
        for place in places where FileManager.default.fileExists(atPath: place.appending(path: "policy").path) { return place }
        throw OperationError(
            .invalidConfiguration, "there are no examples in \(places.map(\.path).joined(separator: " or "))",
            hint: "Pass --from with the folder Config of Martlet's sources.")
    }

    private static var programPath: URL? {
        do { return URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) } catch {
            return nil  // no /proc: the name it was called by has to do
        }
    }

    /// Paths below it; of a file one that is empty.
    private static func files(of url: URL) throws -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else { return [] }
        guard isDirectory.boolValue else { return [""] }
        return try FileManager.default.subpathsOfDirectory(atPath: url.path).filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: url.appending(path: $0).path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }
}
