//! Readiness against those who know: kstatus itself, and the health checks of Argo CD.

mod argo_health;
mod kstatus;
