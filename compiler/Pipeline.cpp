#include "compiler/Pipeline.h"
#include "compiler/frontend/Passes.h"

void quipu::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<QuipuDialect>();
}

void quipu::registerPasses() { registerQuipuFrontendPasses(); }
