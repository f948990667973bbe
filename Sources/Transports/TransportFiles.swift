import Callbacks
public import Domain
import Foundation
import NIOSSL

/// A file of a provider that cannot be used.
public struct TransportFileProblem: Sendable, Equatable {
    public var error: ProviderError
    /// False: this machine does not have the file, or does not let us read it; a worker's host may.
    public var isHere: Bool
}

extension TransportFactory {
    /// Reads the files that a provider's options name, as `make` would, and answers what is wrong with them. Writes nothing, opens no connection. Options
    /// that are wrong are for `check` to tell.
    public static func fileProblems(_ policy: ProviderPolicy) -> [TransportFileProblem] {
        let reads: [() throws -> Void]
        do { reads = try files(of: policy) } catch {
            return []  // `check` tells
        }
        var problems: [TransportFileProblem] = []
        for read in reads {
            do { try read() } catch let error as ProviderError {
                let isHere =
                    if case .file(_, _, let path, _) = error { FileManager.default.isReadableFile(atPath: path) } else { true }
                let problem = TransportFileProblem(error: error, isHere: isHere)
                if !problems.contains(problem) { problems.append(problem) }
            } catch {
                continue  // only `ProviderError` speaks of files
            }
        }
        return problems
    }

    /// One closure for each kind of file, so that one that is missing hides no other.
    private static func files(of policy: ProviderPolicy) throws -> [() throws -> Void] {
        switch policy.transport {
        case "http": return files(of: try HTTPOptions(generic: policy))
        case "twilio": return files(of: try HTTPOptions(twilio: policy))
        case "webhook": return files(of: try HTTPOptions(webhook: policy))
        case "sandbox":
            let options = try SandboxOptions(policy)
            return [{ _ = try SandboxScript(options) }]
        case "smpp":
            let options = try SMPPOptions(policy)
            return [{ _ = try options.session(.transceiver) }, { _ = try options.tlsContext() }]
        case "smtp":
            let options = try SMTPOptions(policy)
            return [
                { _ = try options.session() }, { _ = try options.tlsContext() },
                { _ = try options.unsubscribe.map { try options.tokenSecret("unsubscribe_secret_file", $0.secretFile) } },
                { _ = try options.verp.map { try options.tokenSecret("verp_secret_file", $0.secretFile) } },
            ] + options.dkim.map { rule in { _ = try DKIMSigner([rule], provider: options.provider) } }
        default: return []
        }
    }

    private static func files(of options: HTTPOptions) -> [() throws -> Void] {
        [
            { _ = try HTTPSecrets(options) },
            {
                guard options.isTLS else { return }
                _ = try TLSConfiguration.verifying(caFile: options.caFile).context(
                    provider: options.provider, caFile: options.caFile)
            },
        ]
    }
}
