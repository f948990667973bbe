// ProducerTests
