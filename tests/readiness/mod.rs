//! Readiness against those who know: kstatus itself.

mod kstatus;
