"""The operator's machinery: queue, settings, logs, HTTP, threads. It knows neither AWS, Teleport nor our kinds."""
