/// Why an import did not end as it should; the text says what to do, the exit code is for scripts.
public enum ProducerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Flags that contradict each other.
    case usage(String)
    /// The file as a whole cannot be understood: its header, its encoding.
    case file(String, hint: String)
    /// `--strict` or `--max-rejects`.
    case tooManyRejects(String)
    case unavailable(String)
    case refused(String)
    case internalError(String)
    /// Reading the input or writing the reject file: name, problem.
    case input(String, String)
    case interrupted(String)
    case anotherRun(String)
    /// The schema is not the one this binary knows, or the policy cannot be read.
    case misfit(String)

    public var exitCode: Int32 {
        switch self {
        case .usage: 64
        case .file, .tooManyRejects: 65
        case .unavailable: 69
        case .internalError: 70
        case .input: 74
        case .interrupted, .anotherRun: 75
        case .refused: 77
        case .misfit: 78
        }
    }

    public var description: String {
        switch self {
        case .usage(let text), .tooManyRejects(let text), .unavailable(let text), .refused(let text), .internalError(let text),
            .interrupted(let text), .anotherRun(let text), .misfit(let text):
            text
        case .file(let problem, let hint): "\(problem); \(hint)"
        case .input(let name, let problem): "\(name): \(problem)"
        }
    }
}
