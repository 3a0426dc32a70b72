// Package bench has the benchmarks of whole processes: `terraform apply` and the start
// of the provider. Their baselines are the commands below it. The benchmarks of
// packages are beside their code. README.md says how all of them are run and compared.
package bench
