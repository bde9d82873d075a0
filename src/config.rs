//! Configuration (see below; being written).
