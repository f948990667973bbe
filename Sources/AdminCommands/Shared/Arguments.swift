import ArgumentParser
import Domain
import Foundation
import Operations
import Rendering
import Settings

extension MessageID: ExpressibleByArgument {
    public init?(argument: String) {
        guard let value = Int64(argument), value > 0 else { return nil }
        self.init(value)
    }
}

/// `90s`, `2h`, `30d`.
struct DurationArgument: ExpressibleByArgument {
    var duration: Duration
    init(_ duration: Duration) { self.duration = duration }
    init?(argument: String) {
        guard let duration = Duration(configured: argument) else { return nil }
        self.duration = duration
    }
    /// As it is typed: what `--help` says of a default.
    var defaultValueDescription: String { duration.configured }
}

/// A JSON object: given directly, as `@file`, or as `-` for standard input.
struct VariablesArgument: ExpressibleByArgument {
    var source: String
    init?(argument: String) { source = argument }

    /// - Throws: `OperationError` (65) when it cannot be read or is no usable JSON object.
    func load() throws -> String {
        let bytes: [UInt8]
        switch source {
        case "-": bytes = Array(FileHandle.standardInput.readDataToEndOfFile())
        case _ where source.hasPrefix("@"):
            let path = String(source.dropFirst())
            guard let data = FileManager.default.contents(atPath: path) else {
                throw OperationError(.invalidConfiguration, "\(path) cannot be read", hint: "Check --variables @\(path).")
            }
            bytes = Array(data)
        default: bytes = Array(source.utf8)
        }
        return try Self.checked(bytes, called: "--variables")
    }

    /// - Throws: `OperationError` (65) when it is no usable JSON object.
    static func checked(_ bytes: [UInt8], called name: String) throws(OperationError) -> String {
        do throws(RenderError) {
            _ = try Variables(utf8: bytes)
        } catch {
            throw OperationError(.invalidConfiguration, "\(name): \(error.sentence)", hint: error.remedy)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The directory that `--config` names.
extension String {
    static let defaultConfigDirectory = "Config"
}

/// Limits of lists.
func checkLimit(_ limit: Int) throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be 1 … 10000.") }
}
