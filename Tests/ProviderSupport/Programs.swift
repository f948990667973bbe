package import Foundation
import Testing

/// Programs that tests start: peers that are not ours.
package enum Programs {
    package static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Python with the modules of Tests/requirements.txt.
    package static var python: URL {
        let own = root.appending(path: ".venv/bin/python3")
        return FileManager.default.isExecutableFile(atPath: own.path) ? own : URL(filePath: "/usr/bin/python3")
    }

    package static func find(_ name: String) throws -> URL {
        let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin"]
        let found = folders.map { URL(filePath: $0).appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return try #require(found, "install \(name) (Deploy/packages.txt)")
    }

    /// Removes something whose staying behind in /tmp would harm no test.
    package static func discard(_ body: () throws -> Void) {
        do { try body() } catch {}
    }

    /// Runs to the end and gives what was printed; fails the test if it fails.
    @discardableResult
    package static func run(_ executable: URL, _ arguments: [String], input: String = "", in directory: URL? = nil) async throws
        -> String
    {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = directory
        // A file, because a pipe without a reader would fill up.
        let inputFile = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(input.utf8).write(to: inputFile)
        defer { Programs.discard { try FileManager.default.removeItem(at: inputFile) } }
        // A file as well: waiting must not hold one of the few threads that all tests share.
        let outputFile = inputFile.appendingPathExtension("out")
        try Data().write(to: outputFile)
        defer { Programs.discard { try FileManager.default.removeItem(at: outputFile) } }
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = process.standardOutput
        let (ends, end) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { end.yield($0.terminationStatus) }
        try process.run()
        var iterator = ends.makeAsyncIterator()
        let status = await iterator.next()
        let text = String(decoding: try Data(contentsOf: outputFile), as: UTF8.self)
        try #require(status == 0, "\(executable.path) \(arguments): \(text)")
        return text
    }
}
