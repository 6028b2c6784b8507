#include "compiler/Pipeline.h"
#include "compiler/frontend/Passes.h"
#include "compiler/transforms/Passes.h"

void quipu::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<QuipuDialect>();
}

void quipu::registerPasses() { 
  registerQuipuFrontendPasses();
  registerQuipuTransformsPasses();
}
