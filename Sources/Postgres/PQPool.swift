public struct PQPoolOptions: Sendable { public init() {} }
public actor PQPool { 
  public init(_ o: PQPoolOptions) {}
  public func withConnection<T: Sendable>(_ body: @Sendable (PQConnection) async throws -> T) async throws -> T { throw PQError.misuse("") }
  public func close() {}
}
