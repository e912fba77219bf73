"""Why a file drifts: layer by layer, and under the mistakes that apps make."""
