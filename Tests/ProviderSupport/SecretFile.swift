internal import Foundation

/// What the imitations take for a password, token or key.
package let testSecret = "5ecret-of-the-tests"

/// A file with a secret that a test needs; it ends with the test.
package final class SecretFile: Sendable {
    package let path: String

    package init(_ text: String = "0123456789abcdef-planted-secret\n") throws {
        path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    deinit { Programs.discard { try FileManager.default.removeItem(atPath: path) } }
}
