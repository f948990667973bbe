import Foundation

/// Why a provider cannot be used as its policy describes it. Never contains a secret: values of unknown options are left out.
public enum ProviderError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The policy names a transport that does not exist.
    case unknownTransport(provider: String, transport: String, known: [String])
    /// The transport has no such option.
    case unknownOption(provider: String, option: String, remedy: String)
    /// The option is missing.
    case missingOption(provider: String, option: String, remedy: String)
    /// The option's value cannot be used.
    case badOption(provider: String, option: String, value: String, remedy: String)
    /// A file that an option names could not be used.
    case file(provider: String, option: String, path: String, cause: String)

    public var description: String {
        switch self {
        case .unknownTransport(let provider, let transport, let known):
            "provider \(provider): transport \"\(transport)\" does not exist; use one of \(known.joined(separator: ", "))"
        case .unknownOption(let provider, let option, let remedy):
            "provider \(provider): unknown option \(option); \(remedy)"
        case .missingOption(let provider, let option, let remedy):
            "provider \(provider): option \(option) is missing; \(remedy)"
        case .badOption(let provider, let option, let value, let remedy):
            "provider \(provider): option \(option) cannot be \"\(value)\"; \(remedy)"
        case .file(let provider, let option, let path, let cause):
            "provider \(provider): option \(option): cannot use \(path): \(cause)"
        }
    }
}

/// Why the system could not read a file, where it says so.
package func reason(of error: any Error) -> String {
    guard let cause = (error as? CocoaError)?.underlying else { return error.localizedDescription }
    let system = cause as NSError
    return system.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(system.code))) : "\(cause)"
}
