import Foundation
import Glibc
import Store

extension Importer {
    /// The name under which the cluster remembers how far this file has come.
    func importName(_ reader: ChunkReader, _ beginning: [UInt8]) async throws -> String {
        if let name = options.importID { return name }
        guard let path = options.path, let size = reader.size else {
            let name = "stdin-\(UUID().uuidString.lowercased())"
            show(.trouble("standard input without --import-id cannot be resumed; this import is \(name)"))
            return name
        }
        let digest = try await patiently { try await database.run(FileDigest(bytes: beginning)) }
        let list = options.audience.map { "audience \($0): " } ?? ""
        return "\(list)\(URL(filePath: path).lastPathComponent):\(size):\(digest)"
    }

    /// `--strict`: reads the whole file before anything is enqueued.
    func checkFirst() async throws {
        // A pipe can be read only once.
        guard let path = options.path, Self.isRegular(path) else { return }
        let reader = try ChunkReader(options, stop: stop)
        let format = try options.format(beginning: try await reader.beginning())
        reader.start(format, defaults: options.defaults, names: options.names, after: 0)
        var rejects: [Reject] = []
        var count = 0
        while true {
            let chunk = try await reader.next()
            if stop.isSet { throw ProducerError.interrupted("interrupted while checking; nothing of this run was enqueued") }
            count += chunk.rejects.count
            rejects += chunk.rejects.prefix(5 - min(5, rejects.count))
            if chunk.isLast { break }
        }
        guard count > 0 else { return }
        let listed = rejects.map { "line \($0.line): \($0.field.map { "\($0) " } ?? "")\($0.reason)" }.joined(separator: "; ")
        throw ProducerError.tooManyRejects(
            "--strict: \(count) records cannot be \(options.audience == nil ? "enqueued, so this run enqueued nothing" : "people of the list, so nothing was imported") (\(listed)\(count > 5 ? "; …" : "")). "
                + "martlet-producer --dry-run --rejects FILE lists them all")
    }

    private static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}
