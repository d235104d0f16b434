# Documents for people who use, run and change the service.
nobase_dist_doc_DATA += doc/architecture.md doc/correctness.md doc/integrate.md doc/operate.md
